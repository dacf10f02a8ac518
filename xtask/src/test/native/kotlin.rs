//! Kotlin over uniffi: the generated file, `vsm-ffi/tests/kotlin` and the example compiled and run on the JVM.
//!
//! The compiler is the npm package of JetBrains, which holds the whole JVM compiler with its standard library and
//! the coroutines that asynchronous bindings need. JNA, which loads the library, comes from Debian.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::super::counts;
use super::{Bindings, Finished, PartResult};
use crate::context::{Context, files_below};
use crate::fetch::{debian, npm};
use crate::shell::{run as run_program, run_and_keep};
use crate::versions::require;

const COMPILER: &str = "kotlin-compiler";
const COMPILER_VERSION: &str = "2.4.20";
/// The class that holds `main` of the file `Main.kt`.
const MAIN: &str = "MainKt";
/// Names the archive of JNA where it is not Debian's.
const JNA_VARIABLE: &str = "VSM_JNA_JAR";
const JNA_OF_DEBIAN: &str = "/usr/share/java/jna.jar";

pub(super) fn run(name: &'static str, context: &Context, bindings: &Bindings) -> PartResult {
    PartResult::counted(name, compile_and_run(context, bindings), counts::plain)
}

fn compile_and_run(context: &Context, bindings: &Bindings) -> Result<Finished, String> {
    let mut version = Command::new(java());
    version.arg("-version");
    require(version, (17, 0), "install a JDK of version 17 or newer, or set JAVA_HOME")?;
    npm::require_node()?;
    let prefix = context.target.join("kotlin");
    npm::install_one(&prefix, COMPILER, COMPILER_VERSION)?;
    let archives = prefix.join("node_modules").join(COMPILER).join("lib");

    let classes = context.target.join("kotlin-classes");
    let libraries =
        [archives.join("kotlin-stdlib.jar"), archives.join("kotlinx-coroutines-core-jvm.jar"), jna()?];
    run_program(
        context
            .command(java())
            .arg("-cp")
            .arg(archives.join("*"))
            .args(["org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-no-reflect", "-nowarn"])
            .args(["-jvm-target", "17", "-d"])
            .arg(&classes)
            .arg("-cp")
            .arg(class_path(&libraries)?)
            .args(files_below(&bindings.folder, &[".kt"]))
            .args(context.files("vsm-ffi/tests/kotlin", &[".kt"]))
            // In one go with what tests it: the compiler takes longer to start than to compile it.
            .args(context.files("examples/kotlin", &[".kt"])),
    )?;

    let mut library_path = std::ffi::OsString::from("-Djna.library.path=");
    library_path.push(bindings.folder_with_library(".kt")?);
    let classes = [classes].into_iter().chain(libraries).collect::<Vec<_>>();
    // Without optimization a record's frame takes several times what it takes in a release, where the usual megabyte is plenty.
    run_and_keep(
        context
            .command(java())
            .arg("-Xss8m")
            .arg(library_path)
            .arg("-cp")
            .arg(class_path(&classes)?)
            .arg(MAIN),
    )
}

fn java() -> PathBuf {
    env::var_os("JAVA_HOME").map_or_else(|| "java".into(), |home| PathBuf::from(home).join("bin/java"))
}

fn class_path(archives: &[PathBuf]) -> Result<std::ffi::OsString, String> {
    env::join_paths(archives).map_err(|reason| format!("no class path can be made: {reason}"))
}

fn jna() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os(JNA_VARIABLE) {
        return Ok(PathBuf::from(named));
    }
    let archive = PathBuf::from(JNA_OF_DEBIAN);
    if !archive.exists() {
        let elsewhere = format!("set {JNA_VARIABLE} to the path of jna.jar, version 5.12 or newer");
        debian::install(&["libjna-java"], &elsewhere)?;
    }
    Ok(archive)
}
