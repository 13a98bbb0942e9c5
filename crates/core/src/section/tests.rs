//! What the section parser and the address grammar promise, on the forms that task files really have.

use super::{NotASelection, Selection, Status, TaskFile, cited, parse};
use std::fmt::Write as _;

/// A task file from the template whose own parser answers 1 when asked for 2: headings without numbers come first.
const TEMPLATE: &str = "\
# Project TODO

## Overview
Read this first.

### 10 rules
Not a number.

## Legend
- [ ] open
- [x] done

## Section 1: Project setup
- [x] 1.0 Create the repository
  - [x] 1.1 Licence
  - [ ] 1.2 Continuous integration

## Section 2: Types (see PRD 12.2, 12.4)
Depends on: Section 1
**Files:** `src/types.ts`, `src/ids.ts`
- [ ] 2.0 Types
  - [ ] 2.1 Ids
  - [x] 2.2 Errors

**Acceptance criteria**:
- compiles
- every id is its own type

## Notes
Nothing.
";

/// Phases at two levels, with `N.M` items under them.
const PHASES: &str = "\
## Phase 2: Foundation
### 2.1 Store
- [x] 2.1.1 Open
- [ ] 2.1.2 Close
### 2.2 Log
- [ ] 2.2.1 Append
## Phase 3: Commands
- [ ] 3.1 First
- [x] 3.2 Second
    - [x] 3.2.1 Nested
    - [ ] 3.2.2 Nested too
- [ ] 3.3 Third
### Afterthoughts
- [ ] without a number
";

fn select(file: &TaskFile, address: &str) -> String {
    let selection = Selection::parse(address).expect("an address");
    match file.select(&selection) {
        Ok(chosen) => chosen.iter().map(|s| format!("{}@{}", s.id, s.line)).collect::<Vec<_>>().join(" "),
        Err(unmatched) => format!("error: {unmatched}"),
    }
}

#[test]
fn sec_04_golden_13_two_is_section_2_whatever_stands_before_it() {
    let file = parse(TEMPLATE);
    let chosen = file.select(&Selection::parse("2").expect("an address")).expect("section 2");
    let [section] = chosen.as_slice() else { panic!("one section") };
    assert_eq!((section.id.as_str(), section.title.as_str()), ("2", "Types (see PRD 12.2, 12.4)"));
    assert!(section.body.starts_with("## Section 2: Types"));
    assert!(section.body.ends_with("every id is its own type"), "{}", section.body);
    assert_eq!(file.loose.len(), 2, "the legend's boxes belong to no section");
    assert_eq!(file.lints, []);
}

#[test]
fn sec_05_a_section_declares_its_refs_files_dependencies_and_acceptance() {
    let file = parse(TEMPLATE);
    let section = &file.sections[1];
    assert_eq!(section.refs, ["PRD 12.2", "PRD 12.4"]);
    assert_eq!(section.files, ["src/types.ts", "src/ids.ts"]);
    assert_eq!(section.depends, ["1".into()]);
    assert_eq!(section.acceptance, ["compiles", "every id is its own type"]);
    assert_eq!(section.completion().status(), Status::Started);
}

#[test]
fn sec_04_completion_counts_leaves_only() {
    let file = parse(TEMPLATE);
    let done: Vec<_> = file.sections.iter().map(|s| (s.completion().done, s.completion().of)).collect();
    assert_eq!(done, [(1, 2), (1, 2)]);
    assert_eq!(file.sections[0].completion().percent(), Some(50));
    assert_eq!(parse("## 1. Empty\n").sections[0].completion().percent(), None);
    let nearly = parse(&format!("## 1. Many\n{}- [ ] last\n", "- [x] one\n".repeat(999)));
    assert_eq!(nearly.sections[0].completion().percent(), Some(99));
}

#[test]
fn sec_04_phases_at_two_levels_with_numbered_items() {
    let file = parse(PHASES);
    let ids: Vec<_> = file.sections.iter().map(|s| (s.id.as_str(), s.level, s.items.len())).collect();
    assert_eq!(ids, [("2", 2, 3), ("2.1", 3, 2), ("2.2", 3, 1), ("3", 2, 6)]);
    assert_eq!(select(&file, "2.1"), "2.1@2");
    assert_eq!(select(&file, "2.1.2"), "2.1.2@4");
    assert_eq!(select(&file, "3.2.1"), "3.2.1@10");
    let depths: Vec<_> = file.sections[3].items.iter().map(|item| (item.depth, item.leaf)).collect();
    assert_eq!(depths, [(0, true), (0, false), (1, true), (1, true), (0, true), (0, true)]);
    assert_eq!(file.lints, []);
}

#[test]
fn sec_03_an_item_can_be_addressed_where_no_heading_has_its_number() {
    let file = parse(PHASES);
    let chosen = file.select(&Selection::parse("3.2").expect("an address")).expect("item 3.2");
    assert_eq!(chosen[0].title, "Second");
    assert_eq!(chosen[0].body, "- [x] 3.2 Second\n    - [x] 3.2.1 Nested\n    - [ ] 3.2.2 Nested too");
    assert_eq!(chosen[0].items.len(), 3);

    let flat = parse(
        "# Tasks\n## Tasks\n- [ ] 1.0 Setup\n  - [ ] 1.1 Dirs\n- [ ] 2.0 Parser\n  - [ ] 2.1 Lexer\n\n## Notes\n",
    );
    assert_eq!(select(&flat, "2"), "2@5");
    assert_eq!(select(&flat, "2.0, 1.1"), "2@5 1.1@4");
    assert_eq!(select(&flat, "3"), "error: there is no section 3; there are: 1 Setup, 1.1 Dirs, 2 Parser, 2.1 Lexer");

    // An item that counts from 1 again in section 2 is not the file's item 1.1.
    let local = parse("## 1. One\n## 2. Two\n- [ ] 1.1 Local\n");
    assert_eq!(select(&local, "1.1"), "error: there is no section 1.1; there are: 1 One, 2 Two");
    assert_eq!(local.lints[0].what, "item 1.1 stands in section 2");
}

#[test]
fn sec_03_lists_ranges_and_all() {
    let file = parse(PHASES);
    assert_eq!(select(&file, "2, 3"), "2@1 3@7");
    assert_eq!(select(&file, " 3,2 "), "3@7 2@1");
    assert_eq!(select(&file, "2.1,2.2"), "2.1@2 2.2@5");
    assert_eq!(select(&file, "2.1-2.2"), "2.1@2 2.2@5");
    assert_eq!(select(&file, "3.1 – 3.3"), "3.1@8 3.2@9 3.3@12");
    assert_eq!(select(&file, "2-3"), "2@1 3@7");
    assert_eq!(select(&file, "ALL"), "2@1 3@7");
    assert_eq!(select(&file, "2.0"), "2@1");
    assert_eq!(select(&file, "2, 2"), "2@1");
    assert_eq!(select(&file, "2.1, 2"), "2@1", "2 holds 2.1");
}

#[test]
fn sec_03_a_match_is_exact_never_substring_or_ordinal() {
    let file = parse("## Section 12: Twelve\n## Section 21: Twenty-one\n- [ ] 21.2 Inside\n");
    for wrong in ["1", "2", "12.1", "21.1", "0"] {
        let expected = format!("error: there is no section {wrong}; there are: 12 Twelve, 21 Twenty-one");
        assert_eq!(select(&file, wrong), expected);
    }
    assert!(select(&file, "12-14").starts_with("error: there is no section 13"));
    let twice = parse("## 1. A\n## 2. B\n## Section 2: C\n");
    let expected = "error: section 2 is there more than once, at lines 2, 3; there are: 1 A, 2 B, 2 C";
    assert_eq!(select(&twice, "2"), expected);
    assert_eq!(select(&twice, "1"), "1@1");
    assert!(select(&parse("# Nothing\n"), "all").contains("no numbered section"));
}

#[test]
fn sec_03_prose_is_told_from_a_wrong_number() {
    for prose in ["add a login page", "section 2", "2a", "v2", "2;3", "２"] {
        assert!(matches!(Selection::parse(prose), Err(NotASelection::FreeText(_))), "{prose}");
    }
    for wrong in [
        "", " ", "2,,3", "2,", "2..1", ".1", "1.2.3.4", "2 3", "3-2", "3.2-7", "1-", "-1", "1-2-3", "1-5000", "9999999",
    ] {
        assert!(matches!(Selection::parse(wrong), Err(NotASelection::Malformed { .. })), "{wrong}");
    }
    let written = Selection::parse("2.0, 3.2-3.7").expect("an address");
    assert_eq!(written.to_string(), "2, 3.2-3.7");
}

#[test]
fn sec_04_a_heading_in_a_fence_or_a_comment_is_no_heading() {
    let text = "## 1. One\n```md\n## 2. Two\n- [ ] 2.1 x\n~~~\n```\n  ~~~~\n  ## 3. Three\n  ~~~\n  ```\n  ~~~~\n<!--\n## 4. Four\n-->\n- [ ] 1.1 real\n";
    let file = parse(text);
    assert_eq!(file.sections.len(), 1);
    assert_eq!(file.sections[0].items.len(), 1);
    assert_eq!(file.lints, []);
    let open = parse("## 1. One\n```\n## 2. Two\n");
    assert_eq!((open.sections.len(), open.lints[0].line), (1, 2));
}

#[test]
fn sec_04_windows_line_ends_and_a_byte_order_mark_change_nothing() {
    for text in [TEMPLATE, PHASES] {
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(parse(&windows), parse(text));
    }
}

#[test]
fn sec_04_headings_in_every_accepted_form() {
    let forms = [
        ("## Section 2: Name", Some("2")),
        ("## SECTION 2 - Name", Some("2")),
        ("## Section 2 Name ##", Some("2")),
        ("## 2. Name", Some("2")),
        ("## 2) Name", Some("2")),
        ("## 2 — Name", Some("2")),
        ("## 2.0 Name", Some("2")),
        ("### 2.1 Name", Some("2.1")),
        ("### 2.1. Name", Some("2.1")),
        ("### 2.1.3: Name", Some("2.1.3")),
        ("### Phase 3: Name", Some("3")),
        ("## ✅ **Section 2: Name**", Some("2")),
        ("  ## 2. Name", Some("2")),
        ("    ## 2. Name", None),
        ("# 2. Name", None),
        ("#### 2. Name", None),
        ("##2. Name", None),
        ("## 2 Name", None),
        ("## 2nd Name", None),
        ("## v2.1 Name", None),
        ("## Sections 2: Name", None),
        ("## Section two: Name", None),
        ("## 2.1.3.4 Name", None),
        ("- ## 2. Name", None),
    ];
    for (text, id) in forms {
        let file = parse(text);
        let found = file.sections.first();
        assert_eq!(found.map(|section| section.id.as_str()), id, "{text}");
        assert!(found.is_none_or(|section| section.title == "Name"), "{text}: {found:?}");
    }
}

#[test]
fn sec_04_duplicates_and_gaps_are_lints() {
    let text = "## 1. A\n- [ ] 1.1 a\n- [ ] 1.1 b\n- [ ] 1.4 c\n## 2. B\n## 2. C\n## 5. D\n### 4.1 E\n";
    let lints: Vec<_> = parse(text).lints.into_iter().map(|lint| format!("{}: {}", lint.line, lint.what)).collect();
    let expected = [
        "3: item 1.1 is there already, at line 2",
        "4: item 1.2 to 1.3 is missing before item 1.4",
        "6: section 2 is there already, at line 5",
        "7: section 3 to 4 is missing before section 5",
        "8: section 4.1 stands inside section 5",
    ];
    assert_eq!(lints, expected);
}

#[test]
fn sec_04_phases_counted_within_a_section_do_not_take_its_number() {
    let file = parse("## Section 1: A\n### Phase 1: x\n### Phase 2: y\n## Section 2: B\n### Phase 1: z\n");
    assert_eq!(select(&file, "1"), "1@1");
    assert_eq!(select(&file, "2"), "2@4");
    assert_eq!(file.lints.len(), 3);
    assert!(file.sections[0].body.ends_with("### Phase 2: y"));

    let steps = parse("## 2. B\n### 1. step\n### 2. step\n### 3. step\n");
    assert_eq!(select(&steps, "2"), "2@1");
    assert!(select(&steps, "3").starts_with("error: there is no section 3"));

    // Phases that count through the file are addresses, since no section has their number.
    let through = parse("## Section 1: A\n### Phase 7: x\n## Section 2: B\n### Phase 8: y\n");
    assert_eq!(select(&through, "7, 8"), "7@2 8@4");
}

#[test]
fn sec_01_the_unit_of_work_is_a_numbered_section_with_its_items() {
    let file = parse(PHASES);
    for section in &file.sections {
        assert!(section.level == 2 || section.level == 3, "{section:?}");
        assert!(section.body.lines().next().is_some_and(|heading| heading.contains(section.id.as_str())));
        // Its items stand in its body, line by line, down to the third part of a number.
        for item in &section.items {
            let line = section.body.lines().nth(item.line - section.line).expect("a line of the body");
            assert!(line.trim_start().starts_with(if item.done { "- [x]" } else { "- [ ]" }), "{line}");
            assert!(line.ends_with(&item.text), "{line}");
        }
    }
    let parts: Vec<usize> =
        file.sections[0].items.iter().filter_map(|item| Some(item.id.as_ref()?.split('.').count())).collect();
    assert_eq!(parts, [3, 3, 3]);
    assert!(parse("# Title\n## Notes\n- [ ] not a section's\n").sections.is_empty());
}

#[test]
fn sec_02_sections_and_requirements_are_linked_by_the_numbers_they_write() {
    let file = parse(
        "## 1. A (see PRD 12.2)\n- [ ] 1.1 x, see PRD §3, 12.10\n## 2. B\nSee section 12.2 of nothing. SPRD 4, PRDs 5, prd 6.\n## 3. C\nPRD section 99\n",
    );
    let refs: Vec<_> = file.sections.iter().map(|section| section.refs.clone()).collect();
    assert_eq!(refs, [vec!["PRD 12.2".to_owned(), "PRD 3".into(), "PRD 12.10".into()], vec![], vec!["PRD 99".into()]]);

    let document = "# PRD\n## 3. Goals\nFast.\n## 12. Storage\n### 12.1 Format\nText.\n### 12.2 Locks\nOne writer.\n### 12.10 Limits\nMany.\n";
    let (found, missing) = cited(document, &file.sections[0].refs);
    let bodies: Vec<&str> = found.iter().map(|section| section.body.as_str()).collect();
    assert_eq!(bodies, ["### 12.2 Locks\nOne writer.", "## 3. Goals\nFast.", "### 12.10 Limits\nMany."]);
    assert!(missing.is_empty());
    let (found, missing) = cited(document, &file.sections[2].refs);
    assert_eq!((found.len(), missing), (0, vec!["PRD 99".to_owned()]), "nothing near it is taken instead");
    let twice = format!("{document}## 12.2 Locks again\n");
    assert_eq!(cited(&twice, &["PRD 12.2".into()]).1, ["PRD 12.2"], "two are none");
}

/// A generator of task files: what it wrote, and which sections it meant, by number and line.
struct Written {
    text: String,
    sections: Vec<(String, usize)>,
}

fn written(seed: u64) -> Written {
    let mut state = seed;
    let mut roll = move |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % sides
    };
    let mut out = Written { text: "# Tasks\n\n## Overview\n\n### 10 rules\n".into(), sections: Vec::new() };
    let end = if roll(2) == 0 { "\n" } else { "\r\n" };
    let mut number = roll(3);
    for _ in 0..1 + roll(12) {
        // Gaps, and numbers whose digits hold other numbers: 1, 11, 111.
        number = if number < 10_000 && roll(5) == 0 { number * 10 + 1 } else { number + 1 + roll(3) };
        let heading = match roll(6) {
            0 => format!("## Section {number}: Part {}", roll(20)),
            1 => format!("## {number}. Part 2"),
            2 => format!("## Phase {number}: 2 parts"),
            3 => format!("## {number}.0 Part"),
            4 => format!("## SECTION {number} - 3.1 Part ##"),
            _ => format!("## **Section {number}: Part**"),
        };
        let line = out.text.lines().count() + 1;
        let _infallible = writeln!(out.text, "{heading}");
        out.sections.push((number.to_string(), line));
        for item in 1..=roll(4) {
            let tick = if roll(2) == 0 { "x" } else { " " };
            let _infallible = writeln!(out.text, "- [{tick}] {number}.{item} Text of 2\n  - [ ] nested {item}");
        }
        match roll(6) {
            0 => out.text.push_str("```\n## 2. In a fence\n- [ ] 2.1 x\n```\n"),
            1 => out.text.push_str("<!-- \n## 3. In a comment\n-->\n"),
            2 => {
                let line = out.text.lines().count() + 1;
                let _infallible = writeln!(out.text, "### {number}.{} Inner", 7);
                out.sections.push((format!("{number}.7"), line));
            }
            _ => out.text.push('\n'),
        }
    }
    out.text = out.text.replace('\n', end);
    out
}

#[test]
fn sec_04_generated_files_select_exactly_what_was_asked_and_nothing_else() {
    for seed in 1..=2_000_u64 {
        let written = written(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let file = parse(&written.text);
        let found: Vec<(String, usize)> = file.sections.iter().map(|s| (s.id.to_string(), s.line)).collect();
        assert_eq!(found, written.sections, "seed {seed}:\n{}", written.text);
        let asked = |address: &str| file.select(&Selection::parse(address).expect("an address"));
        for (number, line) in &written.sections {
            for address in [number.clone(), format!("{number}.0"), format!(" {number} "), format!("{number},{number}")]
            {
                let Ok(chosen) = asked(&address) else {
                    assert!(address.matches('.').count() > 2, "seed {seed}: {address}");
                    continue;
                };
                assert_eq!(chosen.iter().map(|s| s.line).collect::<Vec<_>>(), [*line], "seed {seed}: {address}");
            }
        }
        // A number that nobody wrote names nobody, whatever it is a part of and however many sections there are.
        for number in 0..140_u32 {
            let number = number.to_string();
            let there = written.sections.iter().any(|(own, _)| *own == number);
            assert_eq!(asked(&number).is_ok(), there, "seed {seed}: {number}\n{}", written.text);
        }
        let all = asked("all").expect("sections");
        assert!(all.iter().all(|section| section.level == 2), "seed {seed}");
        assert_eq!(all.len(), written.sections.iter().filter(|(number, _)| !number.contains('.')).count());
    }
}

/// What this thread spent on a processor, so that a busy machine does not fail the test.
fn spent() -> std::time::Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says it");
    let first = stat.split_whitespace().next().and_then(|ns| ns.parse().ok());
    std::time::Duration::from_nanos(first.expect("nanoseconds"))
}

/// Milliseconds each, in a debug build too: a quadratic step takes seconds or minutes.
#[test]
fn sec_04_ten_thousand_lines_of_any_kind_parse_at_once() {
    let mut flat = String::new();
    for section in 1..=500 {
        let _infallible = writeln!(flat, "## Section {section}: Name");
        for item in 1..=19 {
            let _infallible = writeln!(flat, "- [x] {section}.{item} Text, see PRD {section}.{item}");
        }
    }
    let headings: String = (1..=10_000).map(|n| format!("## {n}. Name\n")).collect();
    let boxes = "- [ ] 1.1 Text\n".repeat(10_000);
    let deep: String = (0..1_000).map(|n| format!("{}- [ ] x\n", " ".repeat(n))).collect();
    let prd = "PRD ".repeat(50_000);
    let began = spent();
    for text in [flat, headings, boxes, deep, prd, "```\n".repeat(10_001), "#".repeat(1 << 20), "9.".repeat(1 << 19)] {
        let file = parse(&text);
        let _any = file.select(&Selection::All);
    }
    let took = spent().saturating_sub(began);
    assert!(took.as_secs() < 3, "{took:?}");
}
