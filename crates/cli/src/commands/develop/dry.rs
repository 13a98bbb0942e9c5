//! `mao develop --dry-run`: what would be done, calling nobody and writing nothing.

use crate::exit::{Exit, Failure};
use crate::open::{House, Scripted};
use crate::print::Printer;
use mao_config::Loaded;
use mao_core::ask::{Ask, Prompt, ReplyForm, Role, Size};
use mao_core::ids::{SectionId, TaskClass};
use mao_engine::open::NewRun;
use mao_policy::{Policy, route};
use mao_workflows::plan::Stream;

/// Says it.
pub(super) fn run(
    house: &House,
    loaded: &Loaded,
    policy: &Policy,
    new: &NewRun,
    scripted: Scripted,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let script = match scripted {
        Scripted::Yes => None,
        Scripted::No => Some(house.parts(loaded, None)?.0.conditions()),
    };
    let conditions = script.unwrap_or_default();
    let checks: Vec<String> = policy.checks.iter().map(|check| check.argv.join(" ")).collect();
    let mut rows = Vec::new();
    let checked = (new.sections.len() > 1).then_some(("dependency_check", Role::Worker));
    for (task, role) in checked
        .into_iter()
        .chain([("orchestration", Role::Orchestrator)])
        .chain(Stream::ALL.into_iter().map(|stream| (stream.task(), Role::Worker)))
        .chain([("validation", Role::Orchestrator), ("synthesis", Role::Orchestrator)])
    {
        let ask = Ask {
            task: TaskClass::from(task),
            label: task.to_owned(),
            role,
            prompt: Prompt { template: String::new(), data: Default::default(), attached: Default::default() },
            reply: ReplyForm::Text,
            base: new.base.clone(),
            proposal: None,
            complexity: None,
            apart_from: std::collections::BTreeSet::new(),
            size: Size::default(),
        };
        rows.push((task, route(policy, &ask, &conditions)));
    }
    if printer.is_json() {
        let routes: serde_json::Map<String, serde_json::Value> =
            rows.iter().map(|(task, route)| ((*task).to_owned(), serde_json::json!(route))).collect();
        let sections: Vec<&SectionId> = new.sections.iter().map(|section| &section.id).collect();
        printer.value(serde_json::json!({
            "kind": "dry_run", "sections": sections, "base": new.base, "checks": checks, "routes": routes,
        }));
        return Ok(Exit::Ok);
    }
    printer.line(&format!("would develop {} from {}", new.text, &new.base.as_str()[..12]));
    for section in &new.sections {
        printer.line(&format!("  section {}: {}", section.id, section.title));
    }
    printer.line(&format!(
        "  checks: {}",
        if checks.is_empty() { "none: the run would be refused".to_owned() } else { checks.join(", ") }
    ));
    for (task, route) in rows {
        let links: Vec<String> = route
            .links
            .iter()
            .map(|link| match &link.effort {
                Some(effort) => format!("{} ({effort})", link.model),
                None => link.model.to_string(),
            })
            .collect();
        let links = if links.is_empty() { "nobody".to_owned() } else { links.join(" → ") };
        printer.line(&format!("  {task:<16} {links}"));
        for skipped in &route.skipped {
            printer.line(&format!("  {:<16} without {}: {}", "", skipped.model, skipped.why));
        }
    }
    printer.line("nobody was called and nothing was written");
    Ok(Exit::Ok)
}
