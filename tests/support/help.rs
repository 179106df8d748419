//! What a program says of itself with `--help`.

use super::Program;

/// The subcommands of a program, in its own order.
pub fn subcommands(program: Program) -> Vec<String> {
    let help = help(program, &[]);
    let (_, rest) = help.split_once("\nCommands:\n").unwrap_or_default();
    let (list, _) = rest.split_once("\n\n").unwrap_or_default();
    let names = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(
        !names.is_empty(),
        "{} has subcommands: {help}",
        program.name()
    );
    names
}

/// The long help of a program, or of one of its subcommands.
pub fn help(program: Program, subcommand: &[&str]) -> String {
    let output = program.command().args(subcommand).arg("--help").output();
    let run = super::Run::from(output.unwrap());
    assert_eq!(run.code, Some(0), "{subcommand:?}: {}", run.stderr);
    assert_eq!(run.stderr, "", "help is data");
    run.stdout
}

/// The command lines that a help text gives as examples. A line that begins otherwise goes on with
/// the one before it, which was too long.
pub fn examples(program: Program, help: &str) -> Vec<String> {
    let (_, examples) = help.split_once("\nExample").unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for line in examples.lines().skip(1) {
        let line = line.trim();
        match found.last_mut() {
            Some(last) if !line.starts_with(program.name()) => {
                *last = format!("{} {line}", last.trim_end_matches('\\').trim_end());
            }
            _ => found.push(line.to_owned()),
        }
    }
    found
}

/// The options that take a value, by their long names.
pub fn options_with_values(help: &str) -> Vec<&str> {
    let described = help
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('-'));
    let words = described.map(|line| line.split_whitespace().collect::<Vec<_>>());
    words
        .filter_map(|words| {
            let long = words.iter().position(|word| word.starts_with("--"))?;
            let value = words.get(long + 1)?;
            value.starts_with('<').then(|| words[long])
        })
        .collect()
}
