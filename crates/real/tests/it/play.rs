//! What the models answer in a part: a script for all three servers, written step by step.

use mao_providers::script::Script;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A script in the making.
#[derive(Debug, Default, Clone)]
pub struct Play {
    steps: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

/// A workstream of a plan: section, stream, what it owns.
pub type Stream = (&'static str, &'static str, String);

impl Play {
    /// A play with a plan of these workstreams, one after another in each section; a verdict for everything and a
    /// synthesis. Sections in their order; none depends on another.
    pub fn plan(streams: &[Stream]) -> Self {
        Self::frozen(streams, |_| None)
    }

    /// The same with the contracts that let the workstreams of a section work at once.
    pub fn frozen(streams: &[Stream], contract: impl Fn(&str) -> Option<String>) -> Self {
        let mut sections: Vec<Value> = Vec::new();
        for (section, stream, owns) in streams {
            let workstream = json!({
                "stream": stream, "goal": format!("Fill {owns}."), "owns": [owns],
                "model": null, "rationale": null, "empty": null,
            });
            match sections.iter_mut().find(|one| one["section"] == *section) {
                Some(one) => one["workstreams"].as_array_mut().unwrap().push(workstream),
                None => sections
                    .push(json!({ "section": section, "contract": contract(section), "workstreams": [workstream] })),
            }
        }
        let mut play = Self::default();
        play.json("deps", &json!({ "edges": [], "uncertain": null }));
        play.json("plan", &json!({ "summary": "What was asked.", "sections": sections }));
        play.json(
            "synthesis",
            &json!({ "summary": "It stands.", "decisions": [], "mismatches": [], "open_items": [] }),
        );
        for (section, stream, _) in streams {
            for attempt in 1..=4 {
                let accept = json!({ "accept": true, "findings": [] });
                play.json(&format!("judge.{section}.{stream}.{attempt}"), &accept);
            }
        }
        play
    }

    /// One turn that answers with a JSON value.
    pub fn json(&mut self, step: &str, value: &Value) {
        self.files.insert(format!("{step}.json"), value.to_string());
        self.turns(step, &[&format!("{{ json_file = \"files/{step}.json\" }}")]);
    }

    /// Turns of a step, each a list of actions.
    pub fn turns(&mut self, step: &str, acts: &[&str]) {
        let usage = "usage = { input = 900, output = 40 }";
        let turns = acts.iter().map(|acts| format!("[[turn]]\n{usage}\nact = [{acts}]\n"));
        self.steps.insert(step.to_owned(), turns.collect());
    }

    /// Turns as they stand.
    pub fn raw(&mut self, step: &str, text: &str) {
        self.steps.insert(step.to_owned(), text.to_owned());
    }

    /// The script, in a directory of its own beneath `root`.
    pub fn script(&self, root: &Path) -> Script {
        let dir = root.join("script");
        std::fs::create_dir_all(dir.join("files")).unwrap();
        for (name, text) in &self.files {
            std::fs::write(dir.join("files").join(name), text).unwrap();
        }
        for (step, text) in &self.steps {
            std::fs::write(dir.join(format!("{step}.toml")), text).unwrap();
        }
        Script::load(&dir).unwrap()
    }
}

/// A task list with so many sections.
pub fn tasks(sections: usize) -> String {
    let section = |n| format!("\n## Section {n}: Part {n}\n\n- [ ] {n}.1 Make part {n}\n");
    format!("# Tasks\n{}", (1..=sections).map(section).collect::<String>())
}
