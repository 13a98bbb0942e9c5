//! The plan that the orchestrator makes before any workstream is asked: its form, and its reading. [`check`] says what
//! makes it acceptable.

pub mod check;

use mao_core::glob::Glob;
use mao_core::ids::{ModelId, SectionId};
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
    /// The interfaces between its workstreams, frozen: exact names, signatures, error forms, units. With one, all its
    /// workstreams work at once; without, each begins when the one before it has landed.
    #[serde(default)]
    pub contract: Option<String>,
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
    /// The model that the orchestrator would give it to; policy admits or refuses it.
    #[serde(default)]
    pub model: Option<ModelId>,
    /// Why it is cut like this, and why this model.
    #[serde(default)]
    pub rationale: Option<String>,
    /// Why there is nothing to do in it, where there is not.
    #[serde(default)]
    pub empty: Option<String>,
}

impl Plan {
    /// The plan in a structured reply. What is empty text counts as absent.
    pub fn from_reply(value: &Value) -> Result<Self, String> {
        let mut plan = Self::deserialize(value).map_err(|wrong| wrong.to_string())?;
        for section in &mut plan.sections {
            section.contract = section.contract.take().filter(|text| !text.trim().is_empty());
            for workstream in &mut section.workstreams {
                workstream.model = workstream.model.take().filter(|model| !model.as_str().trim().is_empty());
                workstream.rationale = workstream.rationale.take().filter(|text| !text.trim().is_empty());
                workstream.empty = workstream.empty.take().filter(|text| !text.trim().is_empty());
            }
        }
        Ok(plan)
    }

    /// Several plans, each of sections of its own, as one.
    pub(crate) fn join(plans: Vec<Self>) -> Self {
        let said = plans.iter().map(|plan| plan.summary.trim()).filter(|summary| !summary.is_empty());
        let summary = said.collect::<Vec<_>>().join(" ");
        match <[Self; 1]>::try_from(plans) {
            Ok([only]) => only,
            Err(plans) => Self { summary, sections: plans.into_iter().flat_map(|plan| plan.sections).collect() },
        }
    }

    /// A section's plan.
    #[must_use]
    pub fn section(&self, section: &SectionId) -> Option<&SectionPlan> {
        self.sections.iter().find(|plan| plan.section == *section)
    }

    /// A section's workstream, where there is something to do in it.
    #[must_use]
    pub fn workstream(&self, section: &SectionId, stream: Stream) -> Option<&Workstream> {
        self.section(section)?.workstream(stream).ok()
    }
}

impl SectionPlan {
    /// The parts that the plan speaks of, in their true order, those with nothing to do included.
    pub fn listed(&self) -> impl Iterator<Item = Stream> + '_ {
        Stream::ALL.into_iter().filter(|stream| self.workstreams.iter().any(|one| one.stream == *stream))
    }

    /// One of its workstreams.
    ///
    /// # Errors
    /// Why there is nothing to do in it.
    pub fn workstream(&self, stream: Stream) -> Result<&Workstream, String> {
        match self.workstreams.iter().find(|workstream| workstream.stream == stream) {
            Some(Workstream { empty: Some(why), .. }) => Err(why.clone()),
            Some(workstream) => Ok(workstream),
            None => Err("the plan names nothing to do".to_owned()),
        }
    }
}

/// The JSON schema of a plan.
#[must_use]
pub fn schema() -> Value {
    object(properties())
}

/// The JSON schema of a part of a plan: its last word says that it is whole.
pub(crate) fn part_schema() -> Value {
    let mut properties = properties();
    properties["end"] = json!({"type": "string"});
    object(properties)
}

fn properties() -> Value {
    let streams: Vec<&str> = Stream::ALL.into_iter().map(Stream::name).collect();
    let absent = json!({"type": ["string", "null"]});
    let workstream = object(json!({
        "stream": {"type": "string", "enum": streams},
        "goal": {"type": "string"},
        "owns": {"type": "array", "items": {"type": "string"}},
        "model": absent,
        "rationale": absent,
        "empty": absent,
    }));
    let section = object(json!({
        "section": {"type": "string"},
        "contract": absent,
        "workstreams": {"type": "array", "items": workstream},
    }));
    json!({"summary": {"type": "string"}, "sections": {"type": "array", "items": section}})
}

/// An object schema in the strict form that all vendors take: every property required, no others.
#[must_use]
pub fn object(properties: Value) -> Value {
    let required: Vec<String> = properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
