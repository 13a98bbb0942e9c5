//! A plan for people: a header, one row a workstream, what was left out. Drawn from the plan as data and nothing else.

use super::human::duration;
use mao_core::text::one_line;
use mao_policy::diversity::Scope;
use mao_policy::estimate::Range;
use mao_policy::waves::{Strategy, Waves};
use mao_workflows::develop::outline::{Outline, Row};
use mao_workflows::develop::report::markdown::components;

/// The lines of a plan.
#[must_use]
pub fn lines(plan: &Outline) -> Vec<String> {
    let mut out = vec![header(plan)];
    out.extend(order(&plan.order).into_iter().map(|line| format!("  {line}")));
    for section in &plan.sections {
        let contract = if section.contract.is_some() { "; a frozen contract: its workstreams at once" } else { "" };
        out.push(format!(
            "  section {} {}: {} ({}){contract}",
            section.section,
            one_line(&section.title, 60),
            section.rating.complexity.name(),
            section.rating.why
        ));
    }
    let load: Vec<String> = plan.estimate.load.iter().map(|(account, calls)| format!("{account} {calls}")).collect();
    out.push(format!(
        "  estimate {}{}; first attempts: {}",
        between(duration(plan.estimate.time_ms.least), duration(plan.estimate.time_ms.most)),
        plan.estimate.micro_usd.map(|money| format!(", {} at list prices", dollars(money))).unwrap_or_default(),
        load.join(", ")
    ));
    out.extend(plan.rows.iter().flat_map(row));
    for left in &plan.skipped {
        let streams: Vec<&str> = left.streams.iter().map(|stream| stream.name()).collect();
        out.push(format!("  without {}: {} ({})", left.model, one_line(&left.why, 200), streams.join(", ")));
    }
    out.push(format!("  accepted by: {}", plan.verification.join(", ")));
    out.extend(plan.wants.iter().map(|why| format!("  wants your word: {why}")));
    out
}

fn header(plan: &Outline) -> String {
    let sections = plan.sections.len();
    let scope = match plan.diversity.scope {
        Scope::Full => "",
        Scope::AuthoringOnly => "authoring only: ",
    };
    let privacy = if plan.privacy == "any" { String::new() } else { format!(" · {}", plan.privacy) };
    format!(
        "plan  {} · {} · {}{privacy} · {sections} section{}, {} workstream{}, {} at once · diversity {} ({scope}{})",
        one_line(&plan.request, 60),
        plan.mode,
        plan.profile,
        if sections == 1 { "" } else { "s" },
        plan.estimate.workstreams,
        if plan.estimate.workstreams == 1 { "" } else { "s" },
        plan.estimate.at_once,
        plan.diversity.overall.score,
        components(&plan.diversity)
    )
}

/// The lines of an order of sections.
#[must_use]
pub fn order(order: &Waves) -> Vec<String> {
    if order.waves.iter().flatten().count() < 2 {
        return Vec::new();
    }
    let how = match order.strategy {
        Strategy::Parallel => "all sections at once",
        Strategy::Partial => "sections in waves",
        Strategy::Sequential => "sections one after another",
    };
    let mut out = vec![format!("{how}: {}", one_line(&order.reason, 200))];
    for (at, wave) in order.waves.iter().enumerate() {
        let ids: Vec<&str> = wave.iter().map(|id| id.as_str()).collect();
        out.push(format!("wave {}: {}", at + 1, ids.join(", ")));
    }
    out.extend(order.notes.iter().map(|note| format!("note: {}", one_line(note, 200))));
    out
}

fn row(row: &Row) -> Vec<String> {
    let place = format!("{} {}", row.section, row.stream.name());
    if let Some(why) = &row.empty {
        return vec![format!("  {place:<18} nothing to do: {}", one_line(why, 160))];
    }
    let Some(first) = row.chain.first() else {
        return vec![format!("  {place:<18} nobody may be asked")];
    };
    let model = match &first.effort {
        Some(effort) => format!("{} ({effort})", first.model),
        None => first.model.to_string(),
    };
    let over = format!("{}/{}", first.provider, first.transport);
    let chain: String = row.chain.iter().skip(1).map(|link| format!(" → {}", link.model)).collect();
    let cost = row.micro_usd.map(|money| format!("  {}", dollars(money))).unwrap_or_default();
    let mut out = vec![format!("  {place:<18} {model:<24} {over:<15}{chain}  writes {}{cost}", row.owns.join(", "))];
    out.extend(row.rationale.iter().map(|why| format!("  {:<18} why: {}", "", one_line(why, 200))));
    out.extend(row.proposal.iter().map(|said| format!("  {:<18} proposed: {}", "", one_line(said, 200))));
    out
}

fn between(least: String, most: String) -> String {
    format!("{least} to {most}")
}

/// Millionths of a US dollar as people read them.
fn dollars(money: Range) -> String {
    let one = |micro: u64| format!("${}.{:02}", micro / 1_000_000, micro % 1_000_000 / 10_000);
    format!("{} to {}", one(money.least), one(money.most))
}

/// A value in one line.
#[must_use]
pub fn brief(value: &serde_json::Value) -> String {
    match value.as_str() {
        Some(text) => one_line(text, 300),
        None if value.is_null() => "nothing".to_owned(),
        None => one_line(&value.to_string(), 300),
    }
}
