//! Tells the program which commit it is built from; with the `libtorch` feature, compiles the
//! functions by which we reach what of libtorch only C++ can call.

use std::process::{Command, Stdio};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Some(commit) = commit() {
        println!("cargo:rustc-env=DT_GIT_COMMIT={commit}");
    }
    #[cfg(feature = "libtorch")]
    compile_shim();
}

/// Last commit that changed what trains, with `+` behind it where it has been changed since; none
/// where there is no git, or where this crate is no part of what git keeps.
///
/// Asked again when a source changes, which compiles this crate anew in any case, and not at each
/// commit: a program that was built before its sources were committed says so.
fn commit() -> Option<String> {
    const SOURCES: [&str; 4] = [".", "../dt-env", "../dt-data", "../../Cargo.lock"];
    let git = |words: &[&str]| -> Option<String> {
        let mut git = Command::new("git");
        let output = git.args(words).args(SOURCES).stderr(Stdio::null()).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    for place in [
        "src",
        "Cargo.toml",
        "../dt-env",
        "../dt-data",
        "../../Cargo.lock",
    ] {
        println!("cargo:rerun-if-changed={place}");
    }
    let commit = git(&["log", "-1", "--format=%H", "--"]).filter(|c| !c.is_empty())?;
    let changed = git(&["status", "--porcelain", "--"])?;
    Some(if changed.is_empty() {
        commit
    } else {
        commit + "+"
    })
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
