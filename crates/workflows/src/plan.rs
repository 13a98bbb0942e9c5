//! The plan that the orchestrator makes before any workstream is asked, and what makes it acceptable.

use mao_core::event::Request;
use mao_core::glob::Glob;
use mao_core::ids::SectionId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The five parts of a section's work, in the order in which they depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Types and validation.
    Schemas,
    /// Persistence.
    Storage,
    /// Pure rules.
    Core,
    /// Interface and wiring.
    Implementation,
    /// Tests and fixtures.
    Tests,
}

impl Stream {
    /// All of them, in their true order.
    pub const ALL: [Self; 5] = [Self::Schemas, Self::Storage, Self::Core, Self::Implementation, Self::Tests];

    /// Its name in step ids, plans and ownership tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schemas => "schemas",
            Self::Storage => "storage",
            Self::Core => "core",
            Self::Implementation => "implementation",
            Self::Tests => "tests",
        }
    }

    /// The task class that routes and effort rows know it by.
    #[must_use]
    pub const fn task(self) -> &'static str {
        match self {
            Self::Schemas => "schema_design",
            Self::Storage => "storage_layer",
            Self::Core => "core_logic",
            Self::Implementation => "implementation",
            Self::Tests => "tests",
        }
    }

    /// What log lines call it: the label of FBK-10.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Schemas => "Schema generation",
            Self::Storage => "Storage layer",
            Self::Core => "Core logic",
            Self::Implementation => "Implementation",
            Self::Tests => "Test generation",
        }
    }
}

/// The whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the run will do, in a few sentences.
    pub summary: String,
    /// One entry a section, in the order of the request.
    pub sections: Vec<SectionPlan>,
}

/// The plan of one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionPlan {
    /// Its address.
    pub section: SectionId,
    /// Its workstreams, each at most once.
    pub workstreams: Vec<Workstream>,
}

/// One part of a section's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workstream {
    /// Which part.
    pub stream: Stream,
    /// What is to be done, with exact names and signatures.
    pub goal: String,
    /// The only paths it may write.
    pub owns: Vec<Glob>,
}

impl Plan {
    /// The plan in a structured reply.
    pub fn from_reply(value: &Value) -> Result<Self, String> {
        serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())
    }

    /// A section's workstream.
    #[must_use]
    pub fn workstream(&self, section: &SectionId, stream: Stream) -> Option<&Workstream> {
        let plan = self.sections.iter().find(|plan| plan.section == *section)?;
        plan.workstreams.iter().find(|workstream| workstream.stream == stream)
    }

    /// What is wrong with the plan for this request: every section exactly once, every workstream at most once, and
    /// within a wave nobody writes what another owns.
    pub fn check(&self, request: &Request, protected: &[Glob]) -> Result<(), String> {
        let asked: Vec<&SectionId> = request.sections.iter().map(|section| &section.id).collect();
        let planned: Vec<&SectionId> = self.sections.iter().map(|section| &section.section).collect();
        if asked != planned {
            return Err(format!(
                "the plan has sections {planned:?}; asked for were {asked:?}, each once, in this order"
            ));
        }
        for section in &self.sections {
            for (at, workstream) in section.workstreams.iter().enumerate() {
                let name = format!("{} of section {}", workstream.stream.name(), section.section);
                if section.workstreams[..at].iter().any(|other| other.stream == workstream.stream) {
                    return Err(format!("{name} is planned twice"));
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
        }
        Stream::ALL.into_iter().try_for_each(|stream| self.check_wave(stream))
    }

    fn check_wave(&self, stream: Stream) -> Result<(), String> {
        let wave: Vec<(&SectionId, &Workstream)> = self
            .sections
            .iter()
            .filter_map(|plan| Some((&plan.section, plan.workstreams.iter().find(|w| w.stream == stream)?)))
            .collect();
        for (at, (section, workstream)) in wave.iter().enumerate() {
            for (other_section, other) in &wave[..at] {
                let both = workstream.owns.iter().flat_map(|a| other.owns.iter().map(move |b| (a, b)));
                if let Some((a, b)) = both.into_iter().find(|(a, b)| may_overlap(a, b)) {
                    return Err(format!(
                        "{} of sections {other_section} and {section} run together and both own `{}` (`{}`)",
                        stream.name(),
                        b.0,
                        a.0
                    ));
                }
            }
        }
        Ok(())
    }
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

/// The JSON schema of a plan.
#[must_use]
pub fn schema() -> Value {
    let streams: Vec<&str> = Stream::ALL.into_iter().map(Stream::name).collect();
    let workstream = object(json!({
        "stream": {"type": "string", "enum": streams},
        "goal": {"type": "string"},
        "owns": {"type": "array", "items": {"type": "string"}},
    }));
    let section = object(json!({
        "section": {"type": "string"},
        "workstreams": {"type": "array", "items": workstream},
    }));
    object(json!({"summary": {"type": "string"}, "sections": {"type": "array", "items": section}}))
}

/// An object schema in the strict form that all vendors take: every property required, no others.
#[must_use]
pub fn object(properties: Value) -> Value {
    let required: Vec<String> = properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use mao_core::event::SectionBrief;

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
            order: Default::default(),
            approval: Default::default(),
        }
    }

    fn plan(owns: &[(&str, Stream, &str)]) -> Plan {
        let mut sections: Vec<SectionPlan> = Vec::new();
        for (section, stream, glob) in owns {
            let workstream = Workstream { stream: *stream, goal: "x".into(), owns: vec![Glob((*glob).into())] };
            match sections.iter_mut().find(|plan| plan.section.as_str() == *section) {
                Some(plan) => plan.workstreams.push(workstream),
                None => sections.push(SectionPlan { section: (*section).into(), workstreams: vec![workstream] }),
            }
        }
        Plan { summary: String::new(), sections }
    }

    #[test]
    fn dev_04_workstreams_of_a_wave_own_exclusively() {
        use Stream::{Core, Storage};
        let two = request(&["1", "2"]);
        let apart = plan(&[("1", Core, "src/a/**"), ("2", Core, "src/b/**")]);
        assert_eq!(apart.check(&two, &[]), Ok(()));
        let in_turn = plan(&[("1", Core, "src/**"), ("2", Storage, "src/**")]);
        assert_eq!(in_turn.check(&two, &[]), Ok(()));
        for (a, b) in [("src/**", "src/b/**"), ("src/a.rs", "src/*.rs"), ("src/a.rs", "src/a.rs")] {
            assert!(plan(&[("1", Core, a), ("2", Core, b)]).check(&two, &[]).is_err(), "{a} {b}");
        }
        assert!(plan(&[("1", Core, "../x")]).check(&request(&["1"]), &[]).is_err());
        assert!(plan(&[("1", Core, ".git/hooks/**")]).check(&request(&["1"]), &[]).is_err());
        assert!(plan(&[("2", Core, "src/**"), ("1", Core, "lib/**")]).check(&two, &[]).is_err());
    }
}
