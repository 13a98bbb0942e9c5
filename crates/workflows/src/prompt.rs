//! Prompts: templates in `prompts/*.md`, filled with small values and attached texts.
//!
//! Texts from models and repositories stand between fences that carry a nonce, so that nothing in them can end them.

use mao_core::ask::Prompt;
use mao_core::ids::TaskClass;
use mao_policy::policy::ModelRole;
use mao_policy::shape;
use minijinja::{Environment, UndefinedBehavior};
use std::borrow::Cow;
use std::collections::BTreeMap;

const TEMPLATES: &[(&str, &str)] = &[
    ("deps", include_str!("../prompts/deps.md")),
    ("plan", include_str!("../prompts/plan.md")),
    ("work", include_str!("../prompts/work.md")),
    ("resolve", include_str!("../prompts/resolve.md")),
    ("judge", include_str!("../prompts/judge.md")),
    ("synthesis", include_str!("../prompts/synthesis.md")),
    ("shape", include_str!("../prompts/shape.md")),
    ("review_plan", include_str!("../prompts/review_plan.md")),
    ("review_diff", include_str!("../prompts/review_diff.md")),
    ("weigh", include_str!("../prompts/weigh.md")),
    ("again", include_str!("../prompts/again.md")),
    ("quality", include_str!("../prompts/quality.md")),
    ("neutral_tests", include_str!("../prompts/neutral_tests.md")),
    ("debug_fix", include_str!("../prompts/debug_fix.md")),
    ("debug_packet", include_str!("../prompts/debug_packet.md")),
    ("debug_evaluate", include_str!("../prompts/debug_evaluate.md")),
    ("compete", include_str!("../prompts/compete.md")),
    ("contest", include_str!("../prompts/contest.md")),
    ("contest_verdict", include_str!("../prompts/contest_verdict.md")),
    ("fix", include_str!("../prompts/fix.md")),
    ("recheck", include_str!("../prompts/recheck.md")),
    ("perspective", include_str!("../prompts/perspective.md")),
    ("entry", include_str!("../prompts/entry.md")),
];

/// A template that does not fit its values.
#[derive(Debug, thiserror::Error)]
#[error("the prompt `{template}` cannot be rendered")]
pub struct PromptError {
    /// The template.
    pub template: String,
    /// Why.
    #[source]
    pub source: minijinja::Error,
}

/// What belongs to one attempt rather than to the question.
#[derive(Debug, Clone)]
pub struct Occasion<'a> {
    /// The step's id.
    pub step: &'a str,
    /// One more than the attempts of it that are acknowledged.
    pub attempt: u32,
    /// Random text drawn for this attempt: the fence around foreign text.
    pub nonce: &'a str,
    /// What was wrong with the last attempt, whole.
    pub failure: Option<&'a str>,
    /// The role of the model that is asked and the class of the work: a worker's prompt is shaped for both (RTE-09).
    pub shape: Option<(ModelRole, &'a TaskClass)>,
}

/// The whole prompt of one attempt. `texts` holds the content of what the prompt attaches.
pub fn render(
    prompt: &Prompt,
    texts: &BTreeMap<String, String>,
    occasion: &Occasion<'_>,
) -> Result<String, PromptError> {
    let fence = |text: &str| format!("<<<{nonce}\n{text}\n{nonce}>>>", nonce = occasion.nonce);
    let mut values: BTreeMap<&str, String> =
        prompt.data.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    for (name, text) in texts {
        // `section_text/2` and `section_text/3` are two parts of `section_text`.
        let value = values.entry(name.split('/').next().unwrap_or(name)).or_default();
        if !value.is_empty() {
            value.push('\n');
        }
        value.push_str(&fence(cut(text).as_ref()));
    }
    let mut out = format!("[mao step {} attempt {}]\n\n", occasion.step, occasion.attempt);
    let task = fill(&prompt.template, &values)?;
    match occasion.shape {
        Some((role, class)) => out.push_str(&shaped(task, role, class)?),
        None => out.push_str(&task),
    }
    if let Some(failure) = occasion.failure {
        let values = BTreeMap::from([("failure", fence(failure))]);
        out.push_str("\n\n");
        out.push_str(&fill("again", &values)?);
    }
    Ok(out)
}

/// What the orchestrator wrote, within what the role is good at, in which form it answers and what makes that acceptable.
fn shaped(task: String, role: ModelRole, class: &TaskClass) -> Result<String, PromptError> {
    let Some(shape) = shape::of(role) else { return Ok(task) };
    let accept: Vec<String> = shape.accept.iter().map(|point| format!("- {point}")).collect();
    let mut values = BTreeMap::from([
        ("task", task),
        ("strength", shape.strength.clone()),
        ("form", shape.form.clone()),
        ("accept", accept.join("\n")),
    ]);
    values.extend(shape::clause(class).map(|clause| ("clause", clause.to_owned())));
    fill("shape", &values)
}

/// An attached text as far as a prompt takes it, in bytes.
const LONGEST: usize = 256 * 1024;

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Cow::Owned(format!("{}\n… ({} bytes more were cut; read the files)", &text[..end], text.len() - end))
}

fn fill(template: &str, values: &BTreeMap<&str, String>) -> Result<String, PromptError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let wrong = |source| PromptError { template: template.to_owned(), source };
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).map_err(wrong)?;
    }
    environment.get_template(template).and_then(|found| found.render(values)).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_fenced_and_a_missing_value_is_an_error() {
        let prompt = Prompt { template: "again".into(), data: BTreeMap::new(), attached: BTreeMap::new() };
        let occasion = Occasion { step: "work.1.core", attempt: 2, nonce: "n0nce", failure: None, shape: None };
        assert!(render(&prompt, &BTreeMap::new(), &occasion).is_err());
        let texts = BTreeMap::from([("failure".to_owned(), "{{ 7*7 }} boom".to_owned())]);
        let text = render(&prompt, &texts, &occasion).unwrap();
        assert!(text.starts_with("[mao step work.1.core attempt 2]\n"));
        assert!(text.contains("<<<n0nce\n{{ 7*7 }} boom\nn0nce>>>"));
    }

    #[test]
    fn rte_09_a_workers_prompt_is_shaped_for_the_model_around_the_orchestrators_text() {
        let prompt = Prompt { template: "again".into(), data: BTreeMap::new(), attached: BTreeMap::new() };
        let texts = BTreeMap::from([("failure".to_owned(), "write `fn save`".to_owned())]);
        let class = TaskClass::from("storage_layer");
        let of = |role| {
            let shape = Some((role, &class));
            let occasion = Occasion { step: "work.1.storage", attempt: 1, nonce: "n", failure: None, shape };
            render(&prompt, &texts, &occasion).unwrap()
        };
        let (coder, analyzer) = (of(ModelRole::Coder), of(ModelRole::Analyzer));
        for (text, role) in [(&coder, ModelRole::Coder), (&analyzer, ModelRole::Analyzer)] {
            let shape = shape::of(role).unwrap();
            let [strength, task, form] =
                [&shape.strength, "write `fn save`", &shape.form].map(|part| text.find(part).unwrap());
            assert!(strength < task && task < form, "{text}");
            assert!(shape.accept.iter().all(|point| text.contains(point.as_str())), "{text}");
            assert!(text.starts_with("[mao step work.1.storage attempt 1]\n"));
        }
        assert!(coder.contains("writes are atomic") && !analyzer.contains("writes are atomic"));
    }

    #[test]
    fn rte_10_code_is_asked_to_be_checked_against_the_repository_whoever_writes_it() {
        let prompt = Prompt { template: "again".into(), data: BTreeMap::new(), attached: BTreeMap::new() };
        let texts = BTreeMap::from([("failure".to_owned(), "x".to_owned())]);
        for class in ["schema_design", "storage_layer", "core_logic", "implementation", "tests", "debugging"] {
            for role in [ModelRole::Coder, ModelRole::Reasoner, ModelRole::Analyzer, ModelRole::Worker] {
                let class = TaskClass::from(class);
                let shape = Some((role, &class));
                let occasion = Occasion { step: "s", attempt: 1, nonce: "n", failure: None, shape };
                let text = render(&prompt, &texts, &occasion).unwrap();
                assert!(text.contains("check every claim against the repository as it is"), "{class} {role:?}");
            }
        }
    }

    #[test]
    fn a_text_that_no_prompt_holds_is_cut_and_says_so() {
        assert_eq!(cut("short"), "short");
        let long = "ä".repeat(LONGEST);
        assert!(cut(&long).len() < LONGEST + 100 && cut(&long).ends_with("bytes more were cut; read the files)"));
    }
}
