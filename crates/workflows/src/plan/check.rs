//! What is wrong with a plan for a request, before anyone works by it.
//!
//! Who works at the same time must not write the same file: the workstreams of a name in all sections of a wave, and all
//! workstreams of a section with a contract against everything else of its wave.

use super::{Plan, SectionPlan, Stream, Workstream};
use mao_core::glob::Glob;
use mao_core::ids::SectionId;
use mao_core::request::{Order, Request, SectionBrief};

impl Plan {
    /// What is wrong with the plan for this request, whose sections run in these waves: every section exactly once,
    /// every workstream at most once, and at any time nobody writes what another owns.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, request: &Request, waves: &[Vec<SectionId>], protected: &[Glob]) -> Result<(), String> {
        self.check_of(&request.sections, request.order, waves, protected)
    }

    /// The same of a plan of these sections alone.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn check_of(
        &self,
        sections: &[SectionBrief],
        order: Order,
        waves: &[Vec<SectionId>],
        protected: &[Glob],
    ) -> Result<(), String> {
        let asked: Vec<&SectionId> = sections.iter().map(|section| &section.id).collect();
        let planned: Vec<&SectionId> = self.sections.iter().map(|section| &section.section).collect();
        if asked != planned {
            return Err(format!(
                "the plan has sections {planned:?}; asked for were {asked:?}, each once, in this order"
            ));
        }
        self.sections.iter().try_for_each(|section| alone(section, protected))?;
        waves.iter().try_for_each(|wave| self.check_wave(wave, order))
    }

    fn check_wave(&self, wave: &[SectionId], order: Order) -> Result<(), String> {
        let all: Vec<(&SectionPlan, &Workstream)> = wave
            .iter()
            .filter_map(|id| self.section(id))
            .flat_map(|section| {
                Stream::ALL.into_iter().filter_map(move |stream| Some((section, section.workstream(stream).ok()?)))
            })
            .collect();
        let contracted = |section: &SectionPlan| section.contract.is_some() && order == Order::Computed;
        for (at, (section, one)) in all.iter().enumerate() {
            for (other_section, other) in &all[..at] {
                let together = contracted(section)
                    || contracted(other_section)
                    || (one.stream == other.stream && section.section != other_section.section);
                let both = one.owns.iter().flat_map(|a| other.owns.iter().map(move |b| (a, b)));
                if let Some((a, b)) = both.into_iter().find(|(a, b)| together && may_overlap(a, b)) {
                    return Err(format!(
                        "{} of section {} and {} of section {} run together and both own `{}` (`{}`)",
                        other.stream.name(),
                        other_section.section,
                        one.stream.name(),
                        section.section,
                        b.0,
                        a.0
                    ));
                }
            }
        }
        Ok(())
    }
}

/// What is wrong with a section's plan by itself.
fn alone(section: &SectionPlan, protected: &[Glob]) -> Result<(), String> {
    for (at, workstream) in section.workstreams.iter().enumerate() {
        let name = format!("{} of section {}", workstream.stream.name(), section.section);
        if section.workstreams[..at].iter().any(|other| other.stream == workstream.stream) {
            return Err(format!("{name} is planned twice"));
        }
        if workstream.empty.is_some() {
            continue;
        }
        if workstream.owns.is_empty() {
            return Err(format!("{name} owns no path"));
        }
        if let Some(glob) = workstream.owns.iter().find(|glob| !is_beneath_root(glob)) {
            return Err(format!("{name} owns `{}`, which is not beneath the root", glob.0));
        }
        if let Some(glob) = workstream.owns.iter().find(|glob| protected.contains(glob)) {
            return Err(format!("{name} owns `{}`, which is protected", glob.0));
        }
    }
    Ok(())
}

fn is_beneath_root(glob: &Glob) -> bool {
    let text = &glob.0;
    !text.is_empty()
        && !text.starts_with(['/', '!', '~'])
        && !text.contains(['\\', '\0'])
        && text.split('/').all(|name| !matches!(name, ".." | "." | "" | ".git"))
}

/// Whether some path could be meant by both, judged by the parts before the first wildcard.
fn may_overlap(a: &Glob, b: &Glob) -> bool {
    fn literal(glob: &Glob) -> (&str, bool) {
        match glob.0.find(['*', '?', '[', '{']) {
            Some(at) => (&glob.0[..at], true),
            None => (&glob.0, false),
        }
    }
    match (literal(a), literal(b)) {
        ((a, false), (b, false)) => a == b,
        ((exact, false), (_, true)) => b.matches(exact),
        ((_, true), (exact, false)) => a.matches(exact),
        ((a, true), (b, true)) => a.starts_with(b) || b.starts_with(a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn request(ids: &[&str]) -> Request {
        let sections = ids
            .iter()
            .map(|id| SectionBrief {
                id: SectionId::from(*id),
                title: String::new(),
                text: "".into(),
                declares: Default::default(),
                context: None,
                requirements: None,
            })
            .collect();
        Request {
            text: ids.join(","),
            sections,
            requirements: None,
            files: "".into(),
            tasks: None,
            matter: mao_core::matter::Matter::default(),
            order: Default::default(),
            approval: Default::default(),
        }
    }

    fn plan(owns: &[(&str, Stream, &str)], contracts: &[&str]) -> Plan {
        let mut sections: BTreeMap<&str, SectionPlan> = BTreeMap::new();
        for (section, stream, glob) in owns {
            let workstream = Workstream {
                stream: *stream,
                goal: "x".into(),
                owns: vec![Glob((*glob).into())],
                model: None,
                rationale: None,
                empty: None,
            };
            let contract = contracts.contains(section).then(|| "fn a() -> u8".to_owned());
            let empty = || SectionPlan { section: (*section).into(), contract, workstreams: Vec::new() };
            sections.entry(section).or_insert_with(empty).workstreams.push(workstream);
        }
        Plan { summary: String::new(), sections: sections.into_values().collect() }
    }

    fn together(ids: &[&str]) -> Vec<Vec<SectionId>> {
        vec![ids.iter().map(|id| (*id).into()).collect()]
    }

    #[test]
    fn dev_04_workstreams_of_a_wave_own_exclusively() {
        use Stream::{Core, Storage};
        let (two, wave) = (request(&["1", "2"]), together(&["1", "2"]));
        let apart = plan(&[("1", Core, "src/a/**"), ("2", Core, "src/b/**")], &[]);
        assert_eq!(apart.check(&two, &wave, &[]), Ok(()));
        let in_turn = plan(&[("1", Core, "src/**"), ("2", Storage, "src/**")], &[]);
        assert_eq!(in_turn.check(&two, &wave, &[]), Ok(()));
        for (a, b) in [("src/**", "src/b/**"), ("src/a.rs", "src/*.rs"), ("src/a.rs", "src/a.rs")] {
            let both = plan(&[("1", Core, a), ("2", Core, b)], &[]);
            assert!(both.check(&two, &wave, &[]).is_err(), "{a} {b}");
            let waves = [vec!["1".into()], vec!["2".into()]];
            assert_eq!(both.check(&two, &waves, &[]), Ok(()), "in waves of their own they may");
        }
        let one = (request(&["1"]), together(&["1"]));
        assert!(plan(&[("1", Core, "../x")], &[]).check(&one.0, &one.1, &[]).is_err());
        assert!(plan(&[("1", Core, ".git/hooks/**")], &[]).check(&one.0, &one.1, &[]).is_err());
    }

    #[test]
    fn dev_03_with_a_contract_nobody_of_the_wave_shares_a_path() {
        use Stream::{Core, Implementation, Storage};
        let (one, wave) = (request(&["1"]), together(&["1"]));
        let owns = [("1", Core, "src/a.rs"), ("1", Implementation, "src/a.rs")];
        assert_eq!(plan(&owns, &[]).check(&one, &wave, &[]), Ok(()), "one after the other");
        let why = plan(&owns, &["1"]).check(&one, &wave, &[]).unwrap_err();
        assert_eq!(
            why,
            "core of section 1 and implementation of section 1 run together and both own `src/a.rs` (`src/a.rs`)"
        );
        let (two, wave) = (request(&["1", "2"]), together(&["1", "2"]));
        let across = [("1", Core, "src/a.rs"), ("2", Storage, "src/*.rs")];
        assert!(plan(&across, &["1"]).check(&two, &wave, &[]).is_err(), "whatever the other's workstream is called");
        let sequential = Request { matter: mao_core::matter::Matter::default(), order: Order::Sequential, ..one };
        assert_eq!(plan(&owns, &["1"]).check(&sequential, &together(&["1"]), &[]), Ok(()));
    }

    #[test]
    fn dev_02_an_empty_workstream_says_why_and_owns_nothing() {
        let reply = serde_json::json!({"summary": "s", "sections": [{"section": "1", "contract": " ", "workstreams": [
            {"stream": "core", "goal": "", "owns": [], "model": null, "rationale": null, "empty": "pure text"},
            {"stream": "tests", "goal": "g", "owns": ["t/**"], "model": "", "rationale": "r", "empty": null},
        ]}]});
        let plan = Plan::from_reply(&reply).unwrap();
        assert_eq!(plan.check(&request(&["1"]), &together(&["1"]), &[]), Ok(()));
        let section = plan.section(&"1".into()).unwrap();
        assert_eq!(section.workstream(Stream::Core), Err("pure text".to_owned()));
        assert_eq!(section.workstream(Stream::Storage), Err("the plan names nothing to do".to_owned()));
        assert_eq!((section.contract.as_ref(), &section.workstreams[1].model), (None, &None), "blank is absent");
        assert!(plan.workstream(&"1".into(), Stream::Tests).is_some());
    }
}
