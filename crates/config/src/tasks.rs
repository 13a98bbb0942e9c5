//! The task file, checked: whether it is a text, and whether its numbers name what its author means. What a number means
//! stands in `mao_core::section`, and a lint never changes it.

use crate::error::{ConfigError, ConfigErrors, Layer, Warning};
use crate::report::Report;
use crate::source::Source;
use mao_core::section::{TaskFile, cited, parse};

/// The most lines that a task file may have.
const MOST_LINES: usize = 50_000;

/// Reads a task file that is a text within the limits.
///
/// # Errors
/// `Unreadable` for anything else, with the line.
pub fn read(source: &Source) -> Result<TaskFile, ConfigError> {
    Ok(parse(text(source)?))
}

fn text(source: &Source) -> Result<&str, ConfigError> {
    let text = source.text()?;
    if text.lines().nth(MOST_LINES).is_none() {
        return Ok(text);
    }
    let what = format!("goes on after line {MOST_LINES}; a task file is not that long");
    Err(ConfigError::Unreadable { file: source.name.clone(), what })
}

/// Checks a task file, and its references against the requirements document where there is one.
///
/// # Errors
/// What is wrong with it, line by line: numbers that are there twice or missing, a fence or a comment without an end,
/// no numbered section at all.
pub fn check(source: &Source, requirements: Option<&Source>) -> Result<Vec<Warning>, ConfigErrors> {
    let text = text(source)?;
    let file = parse(text);
    let mut starts = vec![0];
    starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
    let span = |line: usize| {
        let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let shown = text[start..].lines().next().unwrap_or_default().trim_end();
        start..start + shown.len()
    };
    let mut report = Report::new(Layer::Project, &source.name, text);
    if file.sections.is_empty() && !file.loose.iter().any(|item| item.id.is_some()) {
        report.wrong(span(1), file.listing(), None);
    }
    for lint in &file.lints {
        if lint.kind.is_error() {
            report.wrong(span(lint.line), lint.what.clone(), None);
        } else {
            report.warn(span(lint.line), lint.what.clone(), None);
        }
    }
    if let Some(document) = requirements {
        let known = document.text()?;
        for section in &file.sections {
            let (_, missing) = cited(known, &section.refs);
            // A section's references are its sub-sections' too; each is said where it is named first.
            let inner = file.sections.iter().any(|other| {
                other.line > section.line && other.refs.iter().any(|reference| missing.contains(reference))
            });
            if let (false, false) = (missing.is_empty(), inner) {
                let what = format!("{} has no {}", document.name, missing.join(", "));
                report.warn(span(section.line), what, None);
            }
        }
    }
    let (errors, warnings) = report.errors();
    if errors.is_empty() { Ok(warnings) } else { Err(ConfigErrors(errors)) }
}
