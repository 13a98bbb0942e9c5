//! What must hold for any bytes at all, one function for each parser. The fuzzers under `fuzz/` call these, and so do
//! the tests that replay their corpus and mutate it.

use mao_config::{Inputs, Source, load, mcp};
use mao_core::section::{NotASelection, Selection, parse, tick};

/// A parser: what it is called, and what must hold of it.
pub(crate) type Parser = (&'static str, fn(&[u8]) -> bool);

/// Every parser, by the name of its corpus. Each says whether it took the bytes.
pub(crate) const ALL: [Parser; 6] = [
    ("config", config),
    ("registry", registry),
    ("routing", routing),
    ("mcp", mcp_json),
    ("section", section),
    ("selection", selection),
];

/// `multi-model.toml`, as the user's own file and as the repository's.
pub(crate) fn config(bytes: &[u8]) -> bool {
    let user = Inputs { user: Some(source(bytes)), ..Inputs::default() };
    let project = Inputs { project: Some(source(bytes)), ..Inputs::default() };
    let consent: fn(&mut Inputs, &Source) = |inputs, source| inputs.project = Some(source.clone());
    let own = layered(&user);
    let stranger = layered(&project);
    let trusted = consented(bytes, consent);
    assert_eq!(own, trusted, "with consent a repository's file is read as one's own");
    assert!(stranger || !own, "without consent less is taken, and nothing more is wrong");
    own
}

/// `.claude/models/registry.md`, with and without consent.
pub(crate) fn registry(bytes: &[u8]) -> bool {
    let place: fn(&mut Inputs, &Source) = |inputs, source| inputs.registry = Some(source.clone());
    let mut stranger = Inputs::default();
    place(&mut stranger, &source(bytes));
    let whole = layered(&stranger);
    let trusted = consented(bytes, place);
    assert!(whole || !trusted, "consent opens, it never closes");
    trusted
}

/// `.claude/models/task-routing.md`.
pub(crate) fn routing(bytes: &[u8]) -> bool {
    consented(bytes, |inputs, source| inputs.routing = Some(source.clone()))
}

/// `.mcp.json`.
pub(crate) fn mcp_json(bytes: &[u8]) -> bool {
    match mcp::read(&source(bytes)) {
        Ok(_) => true,
        Err(errors) => {
            pointed(&errors.to_string());
            false
        }
    }
}

/// A task file. It is never wrong, and ticking it changes boxes alone.
pub(crate) fn section(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let file = parse(text);
    let lines = text.lines().count();
    for section in &file.sections {
        assert!((1..=lines).contains(&section.line) && (2..=3).contains(&section.level));
        assert!(
            section.items.iter().all(|item| item.line >= section.line && item.last >= item.line && item.last <= lines)
        );
        // An address names the one section that has its number, or is refused; never another.
        let address = Selection::parse(section.id.as_str()).expect("its own number is an address");
        let same = file.sections.iter().filter(|other| other.id == section.id).count();
        match file.select(&address) {
            Ok(chosen) => assert!(same == 1 && chosen.len() == 1 && chosen[0] == *section),
            Err(_) => assert!(same > 1),
        }
    }
    assert!(file.lints.iter().all(|lint| (1..=lines).contains(&lint.line) && !lint.what.contains('\n')));
    let ids: Vec<_> = file.sections.iter().map(|section| section.id.clone()).collect();
    let ticked = tick(text, &ids);
    assert_eq!(ticked.len(), text.len());
    let differ = ticked.bytes().zip(text.bytes()).filter(|(after, before)| after != before);
    assert!(differ.clone().all(|(after, before)| (after, before) == (b'x', b' ')));
    assert_eq!(tick(&ticked, &ids), ticked, "what is ticked stays as it is");
    !file.sections.is_empty()
}

/// What a person types to name sections.
pub(crate) fn selection(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match Selection::parse(text) {
        Ok(read) => {
            let shown = read.to_string();
            assert_eq!(Selection::parse(&shown).as_ref(), Ok(&read), "{shown} is the same address");
            true
        }
        Err(NotASelection::FreeText(shown)) => {
            assert!(text.chars().any(|c| !(c.is_ascii_digit() || c == '.')) && !shown.contains('\n'));
            false
        }
        Err(NotASelection::Malformed { what, .. }) => {
            assert!(!what.contains('\n'));
            false
        }
    }
}

fn source(bytes: &[u8]) -> Source {
    Source::new("the-file", bytes)
}

fn consented(bytes: &[u8], place: fn(&mut Inputs, &Source)) -> bool {
    let source = source(bytes);
    let mut inputs = Inputs { trusted: [source.hash()].into(), ..Inputs::default() };
    place(&mut inputs, &source);
    layered(&inputs)
}

fn layered(inputs: &Inputs) -> bool {
    match load(inputs) {
        Ok(loaded) => {
            let entries = loaded.policy.models.values();
            let holders = entries.filter(|entry| mao_policy::orchestrator::may_orchestrate(entry));
            assert_eq!(holders.count(), 1, "one orchestrator, whatever a file says");
            if inputs.trusted.is_empty() && inputs.user.is_none() {
                assert!(
                    loaded.policy.enabled.is_empty() && loaded.commands.is_empty() && loaded.policy.checks.is_empty()
                );
            }
            drop(mao_config::lint(&loaded));
            true
        }
        Err(errors) => {
            pointed(&errors.to_string());
            false
        }
    }
}

/// An error names its file, in lines that a terminal can show.
fn pointed(said: &str) {
    assert!(said.contains("the-file"), "no file in {said}");
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?} changes a terminal");
}
