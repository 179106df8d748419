//! With the `libtorch` feature: compiles the functions by which we reach what of libtorch only C++
//! can call.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "libtorch")]
    compile_shim();
}

#[cfg(feature = "libtorch")]
fn compile_shim() {
    use std::path::PathBuf;

    const SOURCE: &str = "src/engine/libtorch/shim.cpp";
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo:rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    // The folder that the bindings link with; headers lie beside it unless the bindings were told.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys tells where libtorch is");
    let root = std::env::var("LIBTORCH_INCLUDE").map_or_else(
        |_| {
            PathBuf::from(&lib)
                .parent()
                .expect("lib/ has a parent")
                .into()
        },
        PathBuf::from,
    );
    let abi = std::env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".into());
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false) // of libtorch's headers
        .define("_GLIBCXX_USE_CXX11_ABI", abi.as_str())
        .include(root.join("include"))
        .include(root.join("include/torch/csrc/api/include"))
        .file(SOURCE)
        .compile("dt_train_shim");
}
