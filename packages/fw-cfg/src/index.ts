export {
  FW_CFG_CPU_COUNT,
  FW_CFG_FILE_DIRECTORY,
  FW_CFG_ID,
  FW_CFG_MAX_CPUS,
  FW_CFG_PORT_COUNT,
  FW_CFG_SIGNATURE,
  FwCfg,
  type FwCfgContents,
  FwCfgError,
  type FwCfgErrorCode,
  type FwCfgFile,
  type FwCfgState,
} from './fw-cfg.ts';
