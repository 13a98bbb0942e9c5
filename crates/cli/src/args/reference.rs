//! Test only: `docs/cli.md` is made from the words themselves and held to them. `UPDATE_EXPECT=1` writes it anew.

use super::Words;
use clap::{Arg, ArgAction, Command, CommandFactory};
use expect_test::expect_file;

#[test]
fn cmd_02_the_reference_says_what_the_words_say() {
    let mut words = Words::command();
    words.build();
    let mut text = String::from(
        "# The command line\n\nMade from the words of `mao` itself by a test; `UPDATE_EXPECT=1 cargo test -p mao-cli \
         reference` writes it anew. `mao man DIR` writes the same as manual pages, `mao completions SHELL` completes it.\n\
         Exit codes: [exit-codes.md](exit-codes.md).\n\n## Every command\n\n",
    );
    let global: Vec<&Arg> = words.get_arguments().filter(|arg| arg.is_global_set()).collect();
    table(&mut text, &global);
    for command in words.get_subcommands().filter(|command| shown(command)) {
        chapter(&mut text, command, "mao");
    }
    expect_file!["../../../../docs/cli.md"].assert_eq(&text);
}

fn shown(command: &Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}

fn chapter(text: &mut String, command: &Command, above: &str) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).trim();
    text.push_str(&format!("\n## `{name}`\n\n{about}.\n\n```\n{usage}\n```\n"));
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !matches!(arg.get_action(), ArgAction::Help | ArgAction::Version))
        .collect();
    if !own.is_empty() {
        text.push('\n');
        table(text, &own);
    }
    for sub in command.get_subcommands().filter(|sub| shown(sub)) {
        chapter(text, sub, &name);
    }
}

fn table(text: &mut String, args: &[&Arg]) {
    text.push_str("| | |\n|---|---|\n");
    for arg in args {
        let value = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
        let takes = arg.get_action().takes_values();
        let word = match (arg.get_short(), arg.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long}"),
            (None, Some(long)) => format!("--{long}"),
            (Some(short), None) => format!("-{short}"),
            (None, None) => String::new(),
        };
        let word = match (word.is_empty(), takes) {
            (true, _) => value,
            (false, true) => format!("{word} {value}"),
            (false, false) => word,
        }
        .replace('|', "\\|");
        let mut says = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
        let values: Vec<String> =
            arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        if takes && !values.is_empty() {
            says.push_str(&format!(": {}", values.join(", ")));
        }
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
        if takes && !defaults.is_empty() {
            says.push_str(&format!(" (default {})", defaults.join(", ")));
        }
        text.push_str(&format!("| `{word}` | {says} |\n"));
    }
}
