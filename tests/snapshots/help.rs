//! Every `--help`.

use std::collections::BTreeSet;

use super::{accepted, assert_accepted};
use crate::support::help::{help, subcommands};
use crate::support::{Program, names};

#[test]
fn help_is_as_accepted() {
    let mut current = BTreeSet::new();
    for program in Program::ALL {
        let name = program.name();
        current.insert(format!("{name}.snap"));
        assert_accepted("help", name, &help(program, &[]));
        for subcommand in subcommands(program) {
            let name = format!("{name}-{subcommand}");
            current.insert(format!("{name}.snap"));
            assert_accepted("help", &name, &help(program, &[&subcommand]));
        }
    }
    let there: BTreeSet<String> = names(&accepted("help")).into_iter().collect();
    let gone: Vec<_> = there.difference(&current).collect();
    assert!(gone.is_empty(), "no command has these: {gone:?}");
}
