/** Shell scripts that ask longmode itself what may come next. */
import { usageError } from './exit-code.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_longmode() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  mapfile -t COMPREPLY < <(longmode --complete "\${words[@]}" 2>/dev/null | grep -F -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _longmode longmode
`,
  zsh: `#compdef longmode
_longmode() {
  local -a proposals
  proposals=("\${(@f)$(longmode --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $proposals
  _files
}
compdef _longmode longmode
`,
  fish: `complete -c longmode -a '(longmode --complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** @param shell bash, zsh or fish @returns the script to source @throws CliError for another shell */
export function completionScript(shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) throw usageError(`no completion for ${shell}; there is one for bash, zsh and fish`);
  return script;
}
