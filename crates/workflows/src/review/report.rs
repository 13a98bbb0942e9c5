//! The report of a review: Markdown for people, JSON for programs, from the record alone. It names the hash of what was
//! reviewed: the verdict is about that and about nothing else (CHK-10).

use super::found::{Found, Item, Part, Reading};
use super::steps::{reviewed, supplied};
use super::suggest::{self, Suggestion};
use super::tried::Word;
use crate::workflow::ReportFile;
use mao_core::matter::Reviewed;
use mao_core::outcome::Outcome;
use mao_core::reply::Usage;
use mao_core::run::RunState;
use mao_core::text;
use mao_policy::Policy;
use mao_policy::consensus::{Agreement, Trial};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    run: String,
    what: &'static str,
    of: String,
    hash: String,
    base: String,
    verdict: &'static str,
    exit: &'static str,
    reviewers: Vec<Reader<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consensus: Option<Agreement>,
    items: &'a [Item],
    unread: &'a [String],
    listed: Vec<Left>,
    oversize: Vec<Left>,
    security: Vec<String>,
    suggestions: Vec<Suggestion>,
    summary: Option<&'a str>,
    own: Vec<String>,
    usage: Usage,
    scripted: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Reader<'a> {
    part: usize,
    model: Option<&'a str>,
    coverage: &'a [String],
    failed: Option<&'a str>,
    history: &'a [String],
}

#[derive(Debug, Serialize)]
struct Left {
    file: String,
    why: String,
}

/// Where the report stands in the run's branch.
pub(super) fn path(run: &RunState, ending: &str) -> String {
    let (what, hash) = match reviewed(run) {
        Some(Reviewed::Plan { text, .. }) => ("plan", text.to_string()),
        Some(Reviewed::Diff { diff, .. }) => ("pr", diff.to_string()),
        None => ("none", String::new()),
    };
    let hash: String = hash.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("docs/reviews/{what}-{hash}.{ending}")
}

/// Both forms of the report.
pub(super) fn files(policy: &Policy, run: &RunState) -> Vec<ReportFile> {
    let found = Found::of(run);
    let report = gather(policy, run, &found);
    let mut json = serde_json::to_string_pretty(&report).unwrap_or_default();
    json.push('\n');
    vec![
        ReportFile { path: path(run, "md"), text: draw(&report, &found) },
        ReportFile { path: path(run, "json"), text: json },
    ]
}

fn gather<'a>(policy: &Policy, run: &'a RunState, found: &'a Found) -> Report<'a> {
    let packed = supplied(run);
    let named = |at: usize| packed.diff.files.get(at).map(|file| file.path.clone()).unwrap_or_default();
    let (what, of, hash) = match reviewed(run) {
        Some(Reviewed::Plan { path, text }) => ("plan", path.clone(), text.to_string()),
        Some(Reviewed::Diff { from, diff, files, hits, why, .. }) => {
            let of = format!("{files} files since {}, {hits} security hits; reviewer: {why}", short(from.as_str()));
            ("diff", of, diff.to_string())
        }
        None => ("nothing", String::new(), String::new()),
    };
    let span = |file: usize, hunk: usize| {
        let hunk = packed.diff.files.get(file).and_then(|file| file.hunks.get(hunk));
        hunk.map_or_else(String::new, |hunk| format!("lines {}, {} of them, ", hunk.new_start, hunk.new_lines))
    };
    let own = found.notes.iter().flat_map(|notes| &notes.own).map(|finding| {
        let place = finding.file.as_deref().unwrap_or("nowhere");
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{place}{line}: {}", finding.claim)
    });
    Report {
        version: 1,
        run: run.opened.run.to_string(),
        what,
        of,
        hash,
        base: run.opened.base.to_string(),
        verdict: found.verdict,
        exit: match found.outcome() {
            Outcome::Complete => "pass",
            Outcome::Negative { .. } => "negative",
            Outcome::Incomplete | Outcome::NoProvider { .. } | Outcome::Declined { .. } | Outcome::Cancelled { .. } => {
                "incomplete"
            }
        },
        reviewers: found.readings().enumerate().map(reader).collect(),
        consensus: found.agreement.clone(),
        items: &found.items,
        unread: &found.unread,
        listed: packed
            .packing
            .listed
            .iter()
            .map(|listed| Left { file: named(listed.file), why: listed.why.to_string() })
            .collect(),
        oversize: packed
            .packing
            .unreviewed
            .iter()
            .map(|over| Left {
                file: named(over.file),
                why: format!("{}some {} tokens: too large for any review", span(over.file, over.hunk), over.tokens),
            })
            .collect(),
        security: packed.hits.clone(),
        suggestions: suggest::suggestions(policy, run, found),
        summary: found.notes.as_ref().map(|notes| notes.summary.as_str()),
        own: own.collect(),
        usage: run.usage(),
        scripted: run.opened.scripted.as_deref(),
    }
}

fn reader((at, part): (usize, &Part)) -> Reader<'_> {
    let (coverage, failed): (&[String], Option<&str>) = match &part.reading {
        Reading::Diff(review) => (&review.coverage, None),
        Reading::None(why) => (&[], Some(why)),
        Reading::Plan(_) | Reading::Open => (&[], None),
    };
    Reader { part: at + 1, model: part.by.as_deref(), coverage, failed, history: &part.history }
}

fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

fn draw(report: &Report<'_>, found: &Found) -> String {
    let line = |text: &str| text::one_line(text, 400);
    let mut out = vec![format!("# Review: {}", report.verdict)];
    out.extend(report.scripted.map(|scripted| format!("> **{scripted}**")));
    out.push(format!(
        "Of {} {}, hash `{}`, at `{}`. The verdict is about exactly this and goes stale with any change of it.",
        if report.what == "plan" { "the plan" } else { "the change:" },
        line(&report.of),
        short(&report.hash),
        short(&report.base)
    ));
    let readers = report.reviewers.iter().map(|reader| {
        let said = match (reader.model, reader.failed) {
            (Some(model), None) => format!("read by {}", line(model)),
            (_, Some(why)) => format!("**read by nobody**: {}", line(why)),
            (None, None) => "read".to_owned(),
        };
        let history =
            if reader.history.is_empty() { String::new() } else { format!(" (before: {})", reader.history.join("; ")) };
        format!("- part {}: {said}{history}", reader.part)
    });
    out.push(format!("## Reviewers\n\n{}", readers.collect::<Vec<_>>().join("\n")));
    out.extend(consensus(found));
    if !found.items.is_empty() {
        out.push(format!("## Found\n\n{}", found.items.iter().map(item).collect::<Vec<_>>().join("\n")));
    }
    if let Some(summary) = report.summary {
        out.push(format!("## The orchestrator's own view\n\n{}", line(summary)));
        if !report.own.is_empty() {
            let own = report.own.iter().map(|own| format!("- {}", line(own)));
            out.push(format!("It found besides:\n\n{}", own.collect::<Vec<_>>().join("\n")));
        }
    } else if report.reviewers.iter().any(|reader| reader.failed.is_none()) {
        out.push("The orchestrator gave no view of its own.".to_owned());
    }
    let left = |title: &str, left: &[Left]| {
        let rows: Vec<String> = left.iter().map(|left| format!("- `{}`: {}", line(&left.file), left.why)).collect();
        (!rows.is_empty()).then(|| format!("## {title}\n\n{}", rows.join("\n")))
    };
    if !report.unread.is_empty() {
        let rows: Vec<String> = report.unread.iter().map(|path| format!("- `{}`", line(path))).collect();
        out.push(format!("## Not read, or not whole\n\n{}", rows.join("\n")));
    }
    out.extend(left("Unreviewed hunks", &report.oversize));
    out.extend(left("Listed, not read", &report.listed));
    if !report.security.is_empty() {
        let rows: Vec<String> = report.security.iter().map(|hit| format!("- {}", line(hit))).collect();
        out.push(format!("## Places of security\n\n{}", rows.join("\n")));
    }
    if !report.suggestions.is_empty() {
        let rows: Vec<String> = report.suggestions.iter().map(|one| format!("- {}", line(&one.shown()))).collect();
        out.push(format!("## Worth asking besides\n\n{}\n\nNobody was asked because of this.", rows.join("\n")));
    }
    out.push("Nothing was changed: what to do about it is for a person to say.".to_owned());
    out.join("\n\n") + "\n"
}

/// DIS-12: what two vendors and the checks come to.
fn consensus(found: &Found) -> Option<String> {
    let said = match found.agreement.as_ref()? {
        Agreement::Agreed => "both find nothing, and the checks are green".to_owned(),
        Agreement::Refereed => "one found something, tests disproved all of it, and the checks are green".to_owned(),
        Agreement::Refused(why) | Agreement::Differ(why) | Agreement::Short(why) => why.clone(),
    };
    let word = match found.person {
        Some(Word::Pass) => "; a person says that it passes",
        Some(Word::Stop) => "; a person says that it does not pass",
        None => "",
    };
    Some(format!("## Whether two agree\n\n{}{word}.", text::one_line(&said, 400)))
}

fn item(item: &Item) -> String {
    let line = |text: &str| text::one_line(text, 400);
    let unverified = match (item.anchor, item.gates) {
        (None | Some("real"), _) => String::new(),
        (Some(why), true) => format!(" (unverified: {why}; CRITICAL, so it stands until it is disproved)"),
        (Some(why), false) => format!(" (unverified: {why}; it stops nothing)"),
    };
    let mut out = format!(
        "- **{} {}** {} `{}`{unverified}: {}",
        line(&item.name),
        item.severity,
        line(&item.area),
        line(&item.place),
        line(&item.claim)
    );
    for (what, text) in [("shown by", &item.evidence), ("better", &item.suggestion)] {
        if !text.trim().is_empty() {
            out.push_str(&format!("\n  {what}: {}", line(text)));
        }
    }
    if !item.by.is_empty() {
        out.push_str(&format!("\n  said by: {}", line(&item.by.join(", "))));
    }
    if let Some(denied) = &item.denied_by {
        let tried = match item.tried {
            Some(Trial::Confirmed) => "its command fails with the change and succeeds without it: it is confirmed",
            Some(Trial::Disproved) => "its command succeeds with the change: it is disproved",
            Some(Trial::Open) | None => "no test decides between them",
        };
        out.push_str(&format!("\n  {} read the same and does not see it; {tried}", line(denied)));
    }
    if let Some(word) = &item.word {
        let said = if word.accept { "accepts it" } else { "rejects it" };
        out.push_str(&format!("\n  the orchestrator {said}: {}", line(&word.reason)));
    }
    out
}
