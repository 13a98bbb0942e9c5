//! Prompts: templates in `prompts/*.md`, filled with small values and attached texts.
//!
//! Texts from models and repositories stand between fences that carry a nonce, so that nothing in them can end them.

use mao_core::ask::Prompt;
use minijinja::{Environment, UndefinedBehavior};
use std::collections::BTreeMap;

const TEMPLATES: [(&str, &str); 5] = [
    ("plan", include_str!("../prompts/plan.md")),
    ("work", include_str!("../prompts/work.md")),
    ("judge", include_str!("../prompts/judge.md")),
    ("synthesis", include_str!("../prompts/synthesis.md")),
    ("again", include_str!("../prompts/again.md")),
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
        value.push_str(&fence(text));
    }
    let mut out = format!("[mao step {} attempt {}]\n\n", occasion.step, occasion.attempt);
    out.push_str(&fill(&prompt.template, &values)?);
    if let Some(failure) = occasion.failure {
        let values = BTreeMap::from([("failure", fence(failure))]);
        out.push_str("\n\n");
        out.push_str(&fill("again", &values)?);
    }
    Ok(out)
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
        let occasion = Occasion { step: "work.1.core", attempt: 2, nonce: "n0nce", failure: None };
        assert!(render(&prompt, &BTreeMap::new(), &occasion).is_err());
        let texts = BTreeMap::from([("failure".to_owned(), "{{ 7*7 }} boom".to_owned())]);
        let text = render(&prompt, &texts, &occasion).unwrap();
        assert!(text.starts_with("[mao step work.1.core attempt 2]\n"));
        assert!(text.contains("<<<n0nce\n{{ 7*7 }} boom\nn0nce>>>"));
    }
}
