//! Long diffs in pieces: over a hundred generated diffs, every hunk exactly once or named, within the limit, the same
//! each time.

use mao_core::diff::{Diff, What};
use mao_core::glob::Glob;
use mao_core::ids::TaskClass;
use mao_core::review::{DiffReview, DiffVerdict, Issue, Severity};
use mao_policy::chunk::{Packing, Why, pack, render};
use mao_policy::coverage::{Overall, Said, merge};
use mao_policy::tokens::{Expected, Yield, parts, tokens};
use mao_policy::truncated::{Cut, Form, cut};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A small generator: the same seed gives the same diffs.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides.max(1)
    }
}

/// Lines that look like headers, among others: content is never taken for structure.
const LINES: [&str; 6] = [
    "let x = 1;",
    "-- a/old/name",
    "++ b/new/name",
    "@ -1,2 +3,4 @@",
    "diff --git a/x b/x",
    "Binary files a/x and b/x differ",
];

fn hunk(dice: &mut Dice, start: &mut u32, bytes: usize, out: &mut String) {
    let (mut old, mut new) = (0_u32, 0_u32);
    let mut body = String::new();
    while body.len() < bytes || old + new == 0 {
        let line = LINES[dice.roll(LINES.len() as u64) as usize];
        let sign = [' ', '-', '+'][dice.roll(3) as usize];
        old += u32::from(sign != '+');
        new += u32::from(sign != '-');
        let _ = writeln!(body, "{sign}{line}");
    }
    let _ = writeln!(out, "@@ -{start},{old} +{start},{new} @@ fn context()\n{}", body.trim_end_matches('\n'));
    *start += old.max(new) + 10;
}

fn file(dice: &mut Dice, no: u64, out: &mut String) {
    let path = format!("src/part{no}/file {no}.rs");
    match dice.roll(10) {
        0 => {
            let _ = writeln!(out, "diff --git a/{path} b/moved/{no}.rs\nsimilarity index 100%");
            let _ = writeln!(out, "rename from {path}\nrename to moved/{no}.rs");
        }
        1 => {
            let _ = writeln!(out, "diff --git a/logo{no}.png b/logo{no}.png\nindex 1..2 100644");
            let _ = writeln!(out, "Binary files a/logo{no}.png and b/logo{no}.png differ");
        }
        2 => {
            let _ = writeln!(out, "diff --git a/run{no}.sh b/run{no}.sh\nold mode 100644\nnew mode 100755");
        }
        kind => {
            let path = if kind == 3 { format!("deep/{no}/package-lock.json") } else { path };
            let _ = writeln!(out, "diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\t\n+++ b/{path}\t");
            let mut start = 1;
            for _ in 0..=dice.roll(6) {
                let bytes = if dice.roll(40) == 0 { 20_000 } else { 40 + dice.roll(1_500) as usize };
                hunk(dice, &mut start, bytes, out);
            }
        }
    }
}

fn generated() -> Vec<Glob> {
    vec![Glob("**/package-lock.json".into())]
}

/// Every hunk of the diff, with how often the packing accounts for it.
fn accounted(diff: &Diff, packing: &Packing) -> Vec<usize> {
    let mut counts = Vec::new();
    for (file, each) in diff.files.iter().enumerate() {
        let listed = packing.listed.iter().filter(|listed| listed.file == file).count();
        for hunk in 0..each.hunks.len() {
            let pieces = packing.chunks.iter().flat_map(|chunk| &chunk.pieces);
            let sent = pieces.filter(|piece| piece.file == file && piece.hunks.contains(&hunk)).count();
            let named = packing.unreviewed.iter().filter(|over| over.file == file && over.hunk == hunk).count();
            counts.push(listed + sent + named);
        }
    }
    counts
}

#[test]
fn cnk_04_every_hunk_of_a_hundred_and_twenty_diffs_is_sent_once_or_named() {
    const LIMIT: u64 = 4_000;
    let (mut chunks, mut oversize, mut hunks) = (0, 0, 0);
    for seed in 1..=120_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let files = if seed == 120 { 400 } else { 1 + dice.roll(60) };
        let mut text = String::new();
        (0..files).for_each(|no| file(&mut dice, no, &mut text));
        if seed == 119 {
            text.push_str("diff --git a/big.txt b/big.txt\n--- a/big.txt\n+++ b/big.txt\n");
            hunk(&mut dice, &mut 1, 5 << 20, &mut text);
        }
        let diff = Diff::parse(&text).unwrap();
        let whole: String =
            diff.files.iter().map(|f| f.hunks.iter().fold(f.header.clone(), |sum, h| sum + &h.text)).collect();
        assert_eq!(whole, text, "seed {seed}: taking apart loses nothing");

        let packing = pack(&diff, LIMIT, &generated());
        assert_eq!(packing, pack(&Diff::parse(&text).unwrap(), LIMIT, &generated()), "seed {seed}");
        assert!(accounted(&diff, &packing).iter().all(|count| *count == 1), "seed {seed}");
        let mut at = None;
        for chunk in &packing.chunks {
            assert!(tokens(&render(&diff, chunk)) <= LIMIT + chunk.pieces.len() as u64 && chunk.tokens <= LIMIT);
            for piece in &chunk.pieces {
                assert!(at < Some((piece.file, piece.hunks.start)), "seed {seed}: out of order");
                at = Some((piece.file, piece.hunks.start));
            }
            let files: BTreeSet<usize> = chunk.pieces.iter().map(|piece| piece.file).collect();
            assert_eq!(files.len(), chunk.pieces.len(), "a file is not twice in a chunk");
        }
        chunks += packing.chunks.len();
        oversize += packing.unreviewed.len();
        hunks += accounted(&diff, &packing).len();
    }
    assert!(oversize > 10 && chunks > 500, "{hunks} hunks, {chunks} chunks, {oversize} named as unreviewed");
}

#[test]
fn cnk_02_a_file_that_fits_is_never_split_and_small_ones_share() {
    let hunk = "@@ -1,1 +1,1 @@\n-a\n+b\n";
    let one = |name: &str, hunks: usize| {
        format!("diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{}", hunk.repeat(hunks))
    };
    let text = [one("a", 2), one("b", 2), one("c", 30), one("d", 1)].concat();
    let diff = Diff::parse(&text).unwrap();
    let limit = tokens(&one("a", 2)) * 3;
    let shape: Vec<Vec<(usize, usize)>> = pack(&diff, limit, &[])
        .chunks
        .iter()
        .map(|chunk| chunk.pieces.iter().map(|piece| (piece.file, piece.hunks.len())).collect())
        .collect();
    assert_eq!(shape[0], [(0, 2), (1, 2)]);
    assert!(shape[1..shape.len() - 1].iter().all(|pieces| pieces.len() == 1 && pieces[0].0 == 2));
    assert_eq!(shape.last(), Some(&vec![(3, 1)]));
}

#[test]
fn cnk_04_what_is_not_sent_says_why() {
    let text = "diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\n\
        diff --git a/l.png b/l.png\nBinary files a/l.png and b/l.png differ\n\
        diff --git \"a/caf\\303\\251.txt\" \"b/caf\\303\\251.txt\"\n--- \"a/caf\\303\\251.txt\"\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n\
        diff --git a/x/package-lock.json b/x/package-lock.json\n--- a/x/package-lock.json\n+++ b/x/package-lock.json\n@@ -1 +1 @@\n-x\n+y\n";
    let diff = Diff::parse(text).unwrap();
    let paths: Vec<(&str, Option<&str>)> = diff.files.iter().map(|f| (f.path.as_str(), f.from.as_deref())).collect();
    assert_eq!(paths, [("b", Some("a")), ("l.png", None), ("café.txt", None), ("x/package-lock.json", None)]);
    let why: Vec<(usize, Why)> = pack(&diff, 1_000, &generated()).listed.iter().map(|l| (l.file, l.why)).collect();
    assert_eq!(why, [(0, Why::NoContent), (1, Why::Binary), (3, Why::Generated)]);
    for (cut, what) in [
        ("@@ -1 +1 @@\n", What::BeforeTheFirstFile),
        ("diff --git a/a b/a\n@@ -x +1 @@\n", What::HunkHeader),
        ("diff --git a/a b/a\n@@ -1,2 +1,2 @@\n a\n", What::ShortHunk),
        ("diff --git a/a b/a\n@@ -1,2 +1,2 @@\n a\ndiff --git a/b b/b\n", What::ShortHunk),
    ] {
        assert_eq!(Diff::parse(cut).unwrap_err().what, what, "{cut}");
    }
}

fn issue(file: &str, line: u32, severity: Severity) -> Issue {
    Issue {
        id: "I1".into(),
        file: Some(file.into()),
        line: Some(line),
        severity,
        category: "logic".into(),
        claim: "wrong".into(),
        evidence: String::new(),
        suggestion: String::new(),
        wanted_by: None,
        reproduction: Vec::new(),
    }
}

fn said(by: &str, issues: Vec<Issue>) -> Said {
    let verdict = if issues.is_empty() { DiffVerdict::Lgtm } else { DiffVerdict::Issues };
    Said { by: by.into(), review: Some(DiffReview { verdict, issues, coverage: Vec::new() }) }
}

#[test]
fn cnk_05_issues_win_and_a_lost_chunk_is_never_a_pass() {
    let hunk = "@@ -1,1 +1,1 @@\n-a\n+b\n".repeat(20);
    let files: String =
        (0..12).map(|no| format!("diff --git a/f{no} b/f{no}\n--- a/f{no}\n+++ b/f{no}\n{hunk}")).collect();
    let diff = Diff::parse(&files).unwrap();
    let packing = pack(&diff, tokens(&files) / 3, &[]);
    let count = packing.chunks.len();
    assert!(count >= 3);
    let clean: Vec<Said> = (0..count).map(|no| said(&format!("r{no}"), Vec::new())).collect();
    assert_eq!(merge(&diff, &packing, &clean).overall, Overall::Lgtm);

    let mut lost = clean.clone();
    lost[1].review = None;
    let merged = merge(&diff, &packing, &lost);
    let named: Vec<&str> = packing.chunks[1].pieces.iter().map(|p| diff.files[p.file].path.as_str()).collect();
    assert_eq!((merged.overall, merged.unread), (Overall::Incomplete, named.iter().map(|n| (*n).to_owned()).collect()));
    assert_eq!(merge(&diff, &packing, &clean[..1]).overall, Overall::Incomplete, "said of one chunk only");

    lost[0] = said("r0", vec![issue("f0", 10, Severity::Medium)]);
    lost[2] = said("r2", vec![issue("f0", 13, Severity::High), issue("f0", 14, Severity::Low)]);
    let merged = merge(&diff, &packing, &lost);
    assert_eq!(merged.overall, Overall::Issues);
    let shown: Vec<(u32, Severity, &[String])> =
        merged.issues.iter().map(|r| (r.issue.line.unwrap(), r.issue.severity, &r.by[..])).collect();
    let (both, one) = (["r0".to_owned(), "r2".to_owned()], ["r2".to_owned()]);
    assert_eq!(shown, [(10, Severity::High, &both[..]), (14, Severity::Low, &one[..])]);
}

#[test]
fn cnk_07_a_cut_answer_is_recognised() {
    let json = Form { json: true, ..Form::default() };
    assert_eq!(cut("{\"a\": [1, 2", None, json), Some(Cut::OpenJson));
    assert_eq!(cut("{\"a\": 1}", None, json), None);
    assert_eq!(cut("text\n```rust\nfn a() {", None, Form::default()), Some(Cut::OpenFence));
    assert_eq!(cut("````\n```\n````\ndone", None, Form::default()), None);
    assert_eq!(cut("all", Some(64), Form { cap: Some(64), ..Form::default() }), Some(Cut::AtTheCap));
    let sentinel = Form { sentinel: Some("END OF PART 2"), ..Form::default() };
    assert_eq!(cut("part\nEND OF PART 2\n", Some(3), sentinel), None);
    assert_eq!(cut("part\nEND OF PA", Some(3), sentinel), Some(Cut::NoSentinel));
}

#[test]
fn cnk_01_what_is_expected_to_be_too_long_is_split() {
    let rows = [(TaskClass::from("documentation"), Yield { base: 1_000, each: 1_500 })].into();
    let expected = Expected { rows, otherwise: Yield { base: 7, each: 0 } };
    let class = TaskClass::from("documentation");
    let long = u64::from(expected.of(&class, 53));
    assert_eq!((long, parts(long, 32_000), parts(32_000, 32_000), parts(0, 32_000)), (80_500, 3, 1, 1));
    assert_eq!(expected.of(&TaskClass::from("else"), 53), 7);
}

#[test]
fn cnk_06_things_go_into_as_few_parts_as_keep_within_the_limit() {
    let class = TaskClass::from("orchestration");
    let rows = [(class.clone(), Yield { base: 1_000, each: 1_000 })].into();
    let expected = Expected { rows, otherwise: Yield { base: 0, each: 0 } };
    assert_eq!(expected.apart(&class, 80, 32_000), [0..27, 27..54, 54..80]);
    assert_eq!(expected.apart(&class, 31, 32_000).len(), 1, "32,000 is not more than 32,000");
    assert_eq!(expected.apart(&class, 63, 32_000), [0..21, 21..42, 42..63], "two would have 33,000");
    for (things, limit) in [(0, 1), (1, 1), (7, 1), (7, 2_000), (500, 3_500), (97, 32_000), (1_000, u64::MAX)] {
        let parts = expected.apart(&class, things, limit);
        assert_eq!(parts, expected.apart(&class, things, limit), "deterministic");
        let all: Vec<usize> = parts.iter().cloned().flatten().collect();
        assert_eq!(all, (0..things).collect::<Vec<_>>(), "each once, in order");
        let fits =
            |part: &std::ops::Range<usize>| part.len() <= 1 || u64::from(expected.of(&class, part.len())) <= limit;
        assert!(parts.iter().all(fits), "{things} within {limit}: {parts:?}");
    }
}

#[test]
fn cnk_09_the_compiled_in_rows_grow_with_sections_where_the_answer_does() {
    let rows = mao_policy::tokens::expected();
    let of = |class: &str, things| rows.of(&TaskClass::from(class), things);
    assert_eq!(of("orchestration", 80) - of("orchestration", 79), of("orchestration", 2) - of("orchestration", 1));
    assert!(of("orchestration", 80) > 80_000 && of("orchestration", 20) < 32_000);
    assert_eq!(of("validation", 80), of("validation", 1));
    assert!(rows.rows.values().all(|row| row.base > 0), "nothing is said for nothing");
}
