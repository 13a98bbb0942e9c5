//! The report of a contest (DIS-10): what was contested, who took part, which tests ran on what and said what, which rule
//! decided, and only then whose each candidate was. Markdown for people, JSON for programs, and for a design the decision
//! as a record of its own.

use super::board::Seat;
use super::course::known;
use super::entrant::{Entrant, TESTS, contest};
use super::questions::{self, Judgement};
use crate::workflow::{ReportFile, Texts};
use mao_core::contest::{Judge, Measures, Settled, Tests};
use mao_core::event::Verification;
use mao_core::ids::{BlobId, StepId};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_core::text;
use mao_policy::Policy;
use serde::Serialize;
use std::collections::BTreeMap;

/// The report as programs read it.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    run: String,
    workflow: String,
    request: String,
    claim: Option<String>,
    base: String,
    merged: String,
    scripted: Option<String>,
    tests: TestsRow,
    on_base: Option<&'static str>,
    candidates: Vec<Row>,
    decision: Option<Decision>,
}

/// What the candidates were tested with.
#[derive(Debug, Serialize)]
struct TestsRow {
    kind: &'static str,
    why: String,
    commands: Vec<String>,
    /// Each locked test with the hash of its content.
    locked: BTreeMap<String, BlobId>,
    written_by: Option<String>,
    discriminates: Option<bool>,
}

/// One candidate.
#[derive(Debug, Serialize)]
struct Row {
    label: String,
    tree: String,
    measures: Measures,
    tampering: Vec<String>,
    runs: Vec<RunRow>,
    won: bool,
    /// Known only now that it is decided.
    revealed: String,
}

/// One run of the tests.
#[derive(Debug, Serialize)]
struct RunRow {
    result: &'static str,
    red: Option<String>,
}

/// What was decided.
#[derive(Debug, Serialize)]
struct Decision {
    rule: String,
    winner: Option<String>,
    because: String,
    rationale: Option<String>,
    patterns: Option<String>,
    judged_by: Option<JudgeRow>,
}

/// DIS-08: who judged, where tests could not decide.
#[derive(Debug, Serialize)]
struct JudgeRow {
    who: &'static str,
    model: Option<String>,
    /// It made none of the candidates.
    session: Option<String>,
    is_an_author: bool,
    /// What the judge knew the candidates by.
    saw: &'static str,
}

/// Where the report stands in the tree, with the ending of its form.
pub(crate) fn path(run: &RunState, ending: &str) -> String {
    format!("docs/mao/{}-{}.{ending}", run.opened.workflow, slug(run))
}

fn slug(run: &RunState) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    run.opened.request.text.chars().map(plain).take(40).collect()
}

/// The texts that it is written with.
pub(crate) fn reads(run: &RunState) -> Vec<BlobId> {
    contest(run).and_then(|contest| contest.task.clone()).into_iter().collect()
}

/// Its files.
pub(crate) fn files(policy: &Policy, run: &RunState, entrants: Vec<Entrant>, texts: &Texts) -> Vec<ReportFile> {
    let Some(report) = gather(policy, run, entrants, texts) else { return Vec::new() };
    let mut json = serde_json::to_string_pretty(&report).unwrap_or_default();
    json.push('\n');
    let mut files = vec![
        ReportFile { path: path(run, "md"), text: draw(&report) },
        ReportFile { path: path(run, "json"), text: json },
    ];
    if matches!(report.tests.kind, "reversible design" | "irreversible design") {
        let path = format!("docs/adr/{}-{}.md", slug(run), run.opened.run.prefix(8));
        files.push(ReportFile { path, text: record(&report) });
    }
    files
}

fn gather(policy: &Policy, run: &RunState, entrants: Vec<Entrant>, texts: &Texts) -> Option<Report> {
    let contest = contest(run)?;
    let settled = run.settled.as_ref();
    let board = known(run, contest, entrants);
    let (kind, why) = match &contest.tests {
        Tests::Existing { why } => ("existing", why.clone()),
        Tests::Wanted => ("neutral", "no test covered it: tests were written first".to_owned()),
        Tests::Reversible => ("reversible design", "it can be taken back".to_owned()),
        Tests::Irreversible => ("irreversible design", "it cannot be taken back".to_owned()),
    };
    let locked = board.seats.iter().flat_map(|seat| seat.inspection.locked.clone()).collect();
    let of = |step: &str| -> Option<String> {
        let ask = run.ask(&StepId::from(step))?;
        match ask.standing() {
            Standing::Answered(attempt, _) => Some(ask.link_of(attempt)?.model.to_string()),
            Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
        }
    };
    let judged_in = settled.and_then(|settled| settled.judged_in.as_ref());
    let (said, mind) = match judged_in.and_then(|step| questions::judgement(run, step)) {
        Some(Judgement::Said(said, mind)) => (Some(said), Some(mind)),
        Some(Judgement::Under | Judgement::Missing(_)) | None => (None, None),
    };
    let row = |who, session: Option<&String>, is_an_author| JudgeRow {
        who,
        model: mind.as_ref().map(|mind| mind.model.to_string()),
        session: session.cloned(),
        is_an_author,
        saw: "labels",
    };
    let judged_by = settled.and_then(|settled| settled.judge.as_ref()).map(|judge| match judge {
        Judge::Orchestrator { session, is_an_author } => row("orchestrator", Some(session), *is_an_author),
        Judge::Person => row("person", None, false),
    });
    Some(Report {
        version: 1,
        run: run.opened.run.to_string(),
        workflow: run.opened.workflow.clone(),
        request: run.opened.request.text.clone(),
        claim: contest.task.as_ref().and_then(|task| texts.get(task)).map(|task| text::printable(task)),
        base: run.opened.base.to_string(),
        merged: run.verified.to_string(),
        scripted: run.opened.scripted.clone(),
        tests: TestsRow {
            kind,
            why,
            commands: policy.checks.iter().map(|check| check.argv.join(" ")).collect(),
            locked,
            written_by: of(TESTS),
            discriminates: (contest.tests == Tests::Wanted).then(|| board.discriminates()),
        },
        on_base: board.on_base.as_ref().map(colour),
        candidates: board.seats.iter().map(|seat| candidate(run, seat, settled)).collect(),
        decision: settled.map(|settled| Decision {
            rule: settled.rule.clone(),
            winner: settled.winner.as_ref().and_then(|winner| {
                settled.labels.iter().find(|(_, step)| *step == winner).map(|(label, _)| label.clone())
            }),
            because: settled.because.clone(),
            rationale: said.as_ref().map(|said| text::printable(&said.rationale)),
            patterns: said.map(|said| text::printable(&said.patterns)),
            judged_by,
        }),
    })
}

fn candidate(run: &RunState, seat: &Seat, settled: Option<&Settled>) -> Row {
    let Entrant { name, member, served_by, .. } = &seat.entrant;
    let by = questions::author(run, member).map(|mind| mind.model.to_string());
    let by = by.or_else(|| (!served_by.is_empty()).then(|| served_by.join(", ")));
    Row {
        label: seat.label.to_string(),
        tree: seat.entrant.change.tree.to_string(),
        measures: seat.inspection.measures,
        tampering: seat.inspection.tampering.clone(),
        runs: seat
            .runs
            .iter()
            .filter(|_| !mutant::is("dis_10_results_are_not_written"))
            .map(|ran| RunRow {
                result: colour(ran),
                red: ran.first_red().map(|check| match check.exit {
                    Some(code) => format!("`{}`: exit {code}", check.command),
                    None => format!("`{}`: killed", check.command),
                }),
            })
            .collect(),
        won: settled.and_then(|settled| settled.winner.as_ref()) == Some(&seat.entrant.member.of),
        revealed: text::one_line(&by.map_or_else(|| name.clone(), |by| format!("{name} ({by})")), 200),
    }
}

fn colour(ran: &Verification) -> &'static str {
    if ran.green() { "green" } else { "red" }
}

fn draw(report: &Report) -> String {
    let mut out = vec![format!("# {}: {}", report.workflow, text::one_line(&report.request, 200))];
    out.extend(report.scripted.as_ref().map(|scripted| format!("> **{scripted}**")));
    out.push(match &report.decision {
        Some(Decision { winner: Some(winner), because, rule, .. }) => {
            format!("**{winner} is taken.** Rule: {rule}. {because}.")
        }
        Some(Decision { winner: None, because, rule, .. }) => format!("**Nobody is taken.** Rule: {rule}. {because}."),
        None => "**Not decided.**".to_owned(),
    });
    out.push(format!(
        "Run `{}`. Base `{}`, merged `{}`.",
        &report.run[..8],
        short(&report.base),
        short(&report.merged)
    ));
    if let Some(claim) = &report.claim {
        out.push(format!("## What was to be done\n\n{}", claim.trim()));
    }
    out.push(tests(report));
    out.push(matrix(report));
    out.extend(report.decision.as_ref().and_then(judgement));
    out.push("## Who they were".into());
    out.push("The labels follow from the candidates' trees; nobody who decided saw a name.".into());
    let names = report.candidates.iter().map(|row| format!("- {}: {}", row.label, row.revealed));
    out.push(names.collect::<Vec<_>>().join("\n"));
    out.join("\n\n") + "\n"
}

/// DIS-08: who judged, and what they said.
fn judgement(decision: &Decision) -> Option<String> {
    let by = decision.judged_by.as_ref()?;
    let mut out = vec!["## Judgement".to_owned()];
    out.push(match (&by.model, &by.session) {
        (Some(model), Some(session)) => {
            let own = if by.is_an_author { "; the same model made a candidate, in another session" } else { "" };
            let session: String = session.chars().take(8).collect();
            format!("By {model}, in the fresh session `{session}`, which saw labels and no name{own}.")
        }
        (_, _) => format!("By a {}, who saw labels and no name.", by.who),
    });
    out.extend(decision.rationale.clone());
    out.extend(decision.patterns.as_ref().map(|note| format!("Closer to what is there already (a note): {note}")));
    Some(out.join("\n\n"))
}

fn tests(report: &Report) -> String {
    let tests = &report.tests;
    let mut lines = vec![format!("## Tests\n\n- {}: {}", tests.kind, tests.why)];
    lines.extend(tests.commands.iter().map(|command| format!("- command: `{}`", text::one_line(command, 200))));
    lines.extend(tests.written_by.iter().map(|by| format!("- written by {by}, who saw the task and no candidate")));
    lines.extend(tests.discriminates.map(|yes| {
        if yes {
            "- they fail somewhere: they tell candidates apart".to_owned()
        } else {
            "- they fail nowhere".to_owned()
        }
    }));
    lines.extend(report.on_base.map(|colour| format!("- on the base they are {colour}")));
    let locked = tests
        .locked
        .iter()
        .map(|(path, hash)| format!("- locked: `{}` ({})", text::one_line(path, 200), short(hash.as_str())));
    lines.extend(locked);
    lines.join("\n")
}

fn matrix(report: &Report) -> String {
    let head =
        "## Results\n\n| | runs | new dependencies | files | lines | public names | |\n|---|---|---|---|---|---|---|";
    let rows = report.candidates.iter().map(|row| {
        let runs: Vec<&str> = row.runs.iter().map(|run| run.result).collect();
        let Measures { new_dependencies, files, lines, public_symbols } = row.measures;
        let note = if row.won {
            "taken".to_owned()
        } else if row.tampering.is_empty() {
            String::new()
        } else {
            format!("disqualified: {}", row.tampering.join("; ").replace('|', "\\|"))
        };
        let runs = if runs.is_empty() { "–".to_owned() } else { runs.join(", ") };
        format!("| {} | {runs} | {new_dependencies} | {files} | {lines} | {public_symbols} | {note} |", row.label)
    });
    std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

/// The decision on a design, as projects keep them.
fn record(report: &Report) -> String {
    let title = report.claim.as_deref().unwrap_or(&report.request);
    let decision = report.decision.as_ref();
    let options = report.candidates.iter().map(|row| {
        let Measures { new_dependencies, files, lines, .. } = row.measures;
        format!("- {}: {}; {new_dependencies} new dependencies, {files} files, {lines} lines", row.label, row.revealed)
    });
    let because = decision.map_or("it was not decided", |decision| &decision.because);
    let rationale = decision.and_then(|decision| decision.rationale.as_deref()).unwrap_or_default();
    let winner = decision.and_then(|decision| decision.winner.as_deref()).unwrap_or("none of them");
    let status = if winner == "none of them" { "open" } else { "accepted" };
    format!(
        "# {}\n\n- Status: {status}\n- Run: `{}`\n- {}\n\n## Options\n\n{}\n\n## Decision\n\n{winner}. {because}.\n\n{rationale}\n",
        text::one_line(title, 120),
        &report.run[..8],
        report.tests.why,
        options.collect::<Vec<_>>().join("\n"),
    )
    .trim_end()
    .to_owned()
        + "\n"
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
