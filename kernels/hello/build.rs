//! Gives the Multiboot binary its linker script; the other binary needs none.
fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    println!("cargo:rerun-if-changed=src/multiboot.ld");
    println!("cargo:rustc-link-arg-bin=hello-multiboot=-T{folder}/src/multiboot.ld");
}
