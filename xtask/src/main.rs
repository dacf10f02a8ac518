//! The developer's commands: `cargo xtask test`, `cargo xtask check`, `cargo xtask generate`.
//!
//! Dependency-free on purpose: it is the first thing that a fresh clone compiles, and what it needs beyond the
//! standard library (Python packages, a Kotlin compiler, cargo-deny) it fetches when a part asks for it.

mod bindings;
mod check;
mod context;
mod fetch;
mod generated;
mod shell;
mod test;
mod versions;

use context::Context;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [PART…]      run the tests: rust, python, node, native (all without a name)
  check [STEP…]     formatting, lints, docs, import rules, generated files, licences (all without a name)
  generate [FILE…]  write the generated files anew: mirror, header, declarations (all without a name)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, names)) = arguments.split_first() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let context = Context::new();
    let outcome = match command.as_str() {
        "test" => test::run(&context, names),
        "check" => check::run(&context, names),
        "generate" => generated::write(&context, names),
        other => Err(format!("there is no command {other}\n\n{USAGE}")),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}

/// The entries of `table` that `names` asks for, in the table's order; all of them when no name is given.
fn chosen<'a, T>(table: &'a [T], name: fn(&T) -> &str, names: &[String]) -> Result<Vec<&'a T>, String> {
    if let Some(unknown) = names.iter().find(|wanted| !table.iter().any(|entry| name(entry) == **wanted)) {
        let known: Vec<&str> = table.iter().map(name).collect();
        return Err(format!("there is no {unknown}; there are: {}", known.join(", ")));
    }
    Ok(table
        .iter()
        .filter(|entry| names.is_empty() || names.iter().any(|wanted| wanted == name(entry)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn names_choose_in_the_order_of_the_table() {
        let table = ["rust", "python", "node"];
        let pick = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            chosen(&table, |name| name, &names).map(|picked| picked.into_iter().copied().collect::<Vec<_>>())
        };
        assert_eq!(pick(&[]), Ok(vec!["rust", "python", "node"]));
        assert_eq!(pick(&["node", "rust"]), Ok(vec!["rust", "node"]));
        assert_eq!(pick(&["go"]), Err("there is no go; there are: rust, python, node".to_owned()));
    }
}
