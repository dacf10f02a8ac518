//! Python over uniffi: each script in `vsm-ffi/tests/python` with the generated module on its path.

use super::super::python::interpreter;
use super::{Bindings, PartResult, run_scripts};
use crate::context::Context;
use crate::shell::run_and_keep;

pub(super) fn run(name: &'static str, context: &Context, bindings: &Bindings) -> PartResult {
    let scripts = context.files("vsm-ffi/tests/python", &[".py"]);
    run_scripts(name, &scripts, |script| {
        let modules = bindings.folder_with_library(".py")?;
        run_and_keep(context.command(interpreter()?).env("PYTHONPATH", modules).arg(script))
    })
}
