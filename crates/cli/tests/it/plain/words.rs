//! Every command there is, asked for JSON in a repository where nothing happened yet, with nobody at the terminal.

use crate::pictures::greeting;
use crate::shop::{Shop, ran};
use std::collections::BTreeSet;

/// Commands that need more words than their own name, and those words.
const MORE: [(&str, &[&str]); 14] = [
    ("mao answer", &["0123", "yes"]),
    ("mao completions", &["bash"]),
    ("mao config origin", &["engine.mode"]),
    ("mao config set", &["engine.max_parallel", "2"]),
    ("mao demo", &["--unpack", "--into", "demo"]),
    ("mao deps", &["1"]),
    ("mao develop", &["1", "--dry-run"]),
    ("mao man", &["pages"]),
    ("mao plan diff", &["1"]),
    ("mao plan show", &["1"]),
    ("mao replay", &["0123"]),
    ("mao route", &["core_logic"]),
    ("mao salvage", &[]),
    ("mao config trust", &[]),
];

/// The commands that have no commands beneath them, as the help lists them.
fn leaves(shop: &Shop, words: &[String]) -> Vec<Vec<String>> {
    let mut command: Vec<&str> = words.iter().map(String::as_str).collect();
    command.push("--help");
    let help = shop.mao(&command);
    assert_eq!(help.code, Some(0), "{words:?}: {}", help.stderr);
    let listed: Vec<String> = help
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    let mut found: Vec<Vec<String>> = listed
        .iter()
        .filter(|name| *name != "help")
        .flat_map(|name| leaves(shop, &[words, std::slice::from_ref(name)].concat()))
        .collect();
    // Some commands do something by themselves, too.
    if listed.is_empty() || help.stdout.contains("[COMMAND]") {
        found.push(words.to_vec());
    }
    found
}

#[test]
fn cmd_03_every_command_takes_json_and_asks_nobody() {
    let known: BTreeSet<i32> = [0, 1, 2, 3, 4, 5, 6, 7].into();
    let commands = leaves(&greeting(), &[]);
    assert!(commands.len() > 20, "{commands:?}");
    for words in commands {
        let shop = greeting();
        let name = format!("mao {}", words.join(" "));
        let more = MORE.iter().find(|(of, _)| *of == name.trim_end()).map_or(&[][..], |(_, more)| more);
        let mut command = shop.command(&[]);
        command.args(&words).args(more).arg("--json");
        let ran = ran(&mut command);
        assert!(ran.code.is_some_and(|code| known.contains(&code)), "{name}: {:?}: {}", ran.code, ran.stderr);
        for line in ran.stdout.lines() {
            let value: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|wrong| panic!("{name}: {wrong}: {line}"));
            assert!(value["version"].is_u64(), "{name}: no version in {line}");
        }
        if ran.code != Some(0) {
            let last = ran.stdout.lines().last().unwrap_or_else(|| panic!("{name} says nothing: {}", ran.stderr));
            let said: serde_json::Value = serde_json::from_str(last).unwrap();
            let wrong = said["kind"] == "error" && said["exit"] == ran.code.unwrap();
            // These answer a question, and the answer was no.
            assert!(wrong || ["mao doctor", "mao route"].contains(&name.as_str()), "{name}: {last}");
        }
    }
}

#[test]
fn cmd_03_wrong_words_are_json_too() {
    let shop = greeting();
    let ran = shop.mao(&["devlop", "--json"]);
    assert_eq!(ran.code, Some(2));
    let said: serde_json::Value = serde_json::from_str(ran.stdout.trim_end()).unwrap();
    assert_eq!((&said["kind"], &said["exit"]), (&"error".into(), &2.into()));
    assert_eq!(shop.mao(&["--version", "--json"]).code, Some(0));
}

#[test]
fn cmd_02_manual_pages_are_written_one_a_command() {
    let shop = greeting();
    let ran = shop.mao(&["man", "pages"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for (page, holds) in
        [("mao.1", "mao\\-develop(1)"), ("mao-develop.1", "include\\-dirty"), ("mao-config-set.1", "KEY")]
    {
        let text = shop.sandbox.read(&format!("pages/{page}")).unwrap();
        assert!(text.contains(holds), "{page} has no {holds}: {text}");
    }
}
