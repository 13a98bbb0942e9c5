//! `cargo xtask requirements`: which requirements a test carries, by the tests' names.
//!
//! A test carries a requirement when its name begins with the requirement's id: `fn chk_08_unparsable_verdict…` carries
//! CHK-08. The list is `docs/requirements.txt`. Never says that a test is any good: `mutate` does.

use crate::house;
use crate::outcome::{Failure, Outcome};
use crate::source::Source;
use crate::tools;
use std::collections::{BTreeMap, BTreeSet};

/// One line of the list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Requirement {
    /// Such as `CHK-08`.
    pub(crate) id: String,
    /// The part of the product that owes it: a letter, or `history` where nothing is owed.
    part: String,
    /// What it asks for.
    title: String,
}

/// Prints what is carried, and with `--of PART` what is not.
pub(crate) fn run(words: &[String]) -> Outcome {
    let of = asked(words)?;
    let list = list()?;
    let sources = house::read_sources()?;
    let carried = carried(&list, &sources)?;
    let mut parts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for requirement in &list {
        let (proven, all) = parts.entry(&requirement.part).or_default();
        *all += 1;
        *proven += usize::from(carried.contains_key(requirement.id.as_str()));
    }
    if let Some(stranger) = of.iter().find(|part| !parts.contains_key(part.as_str())) {
        return Err(Failure::Usage(format!("there is no part `{stranger}` in docs/requirements.txt")));
    }
    for part in &of {
        for requirement in list.iter().filter(|requirement| requirement.part == *part) {
            if !carried.contains_key(requirement.id.as_str()) {
                println!("{part}  {}  {}", requirement.id, requirement.title);
            }
        }
    }
    for (part, (proven, all)) in &parts {
        println!("{part}: {proven} / {all}");
    }
    let tests: usize = carried.values().map(Vec::len).sum();
    println!("requirements: {} / {} carried, by {tests} tests", carried.len(), list.len());
    Ok(())
}

fn asked(words: &[String]) -> Outcome<Vec<String>> {
    words
        .chunks(2)
        .map(|pair| match pair {
            [flag, part] if flag == "--of" => Ok(part.clone()),
            _ => Err(Failure::Usage("`requirements` takes `--of PART`".into())),
        })
        .collect()
}

/// Reads the committed list.
pub(crate) fn list() -> Outcome<Vec<Requirement>> {
    let text = std::fs::read_to_string(tools::root().join("docs/requirements.txt"))
        .map_err(|why| Failure::broken(format!("docs/requirements.txt: {why}")))?;
    parse(&text)
}

/// `ID PART title`, one a line; `#` begins a comment.
fn parse(text: &str) -> Outcome<Vec<Requirement>> {
    let mut list: Vec<Requirement> = Vec::new();
    for (number, line) in crate::source::numbered(text) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace();
        let (id, part) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let title = words.collect::<Vec<_>>().join(" ");
        let known = list.iter().any(|requirement| requirement.id == id);
        if carried_id(&id.replace('-', "_").to_lowercase()).as_deref() != Some(id) || title.is_empty() || known {
            return Err(Failure::broken(format!(
                "docs/requirements.txt:{number}: not `ID PART title`, or an id twice"
            )));
        }
        list.push(Requirement { id: id.into(), part: part.into(), title });
    }
    Ok(list)
}

/// The tests of each requirement, as `file:line name`. A test with an id that is on no list is an error.
pub(crate) fn carried<'a>(list: &'a [Requirement], sources: &[Source]) -> Outcome<BTreeMap<&'a str, Vec<String>>> {
    let mut carried: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut strangers = BTreeSet::new();
    for source in sources {
        for test in &source.tests {
            let Some(id) = carried_id(&test.name) else { continue };
            let place = format!("{}:{} {}", source.path, test.line, test.name);
            match list.iter().find(|requirement| requirement.id == id) {
                Some(requirement) => carried.entry(&requirement.id).or_default().push(place),
                None => drop(strangers.insert(format!("{place} carries {id}"))),
            }
        }
    }
    if strangers.is_empty() {
        return Ok(carried);
    }
    let strangers = strangers.into_iter().collect::<Vec<_>>().join("\n  ");
    Err(Failure::broken(format!("tests carry ids that docs/requirements.txt does not have:\n  {strangers}")))
}

/// The id that a test's name begins with: `CHK-08` of `chk_08_unparsable…`, `CHK-01b` of `chk_01b_patterns`.
pub(crate) fn carried_id(name: &str) -> Option<String> {
    let mut parts = name.split('_');
    let (family, number) = (parts.next()?, parts.next()?);
    let family_like = matches!(family.len(), 2 | 3) && family.chars().all(|c| c.is_ascii_lowercase());
    let digits = number.get(..2)?.chars().all(|c| c.is_ascii_digit());
    let variant = number.get(2..).is_some_and(|rest| rest.len() <= 1 && rest.chars().all(|c| c.is_ascii_lowercase()));
    (family_like && digits && variant).then(|| format!("{}-{number}", family.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::{carried, carried_id, parse};
    use crate::outcome::Failure;
    use crate::source::Source;

    const LIST: &str = "# A list.\nINV-01 A one orchestrator\nCHK-01b C four patterns\n";

    #[test]
    fn ids_are_read_from_names() {
        for (name, id) in [
            ("inv_01_one_orchestrator", Some("INV-01")),
            ("chk_01b_patterns", Some("CHK-01b")),
            ("inv_01", Some("INV-01")),
            ("qa_05_missing_dimension", Some("QA-05")),
            ("inv_1_one", None),
            ("invariant_01", None),
            ("inv_01xy_one", None),
            ("runs", None),
        ] {
            assert_eq!(carried_id(name).as_deref(), id, "{name}");
        }
    }

    #[test]
    fn only_tests_carry() {
        let list = parse(LIST).expect("a list");
        let text = "#[test]\nfn inv_01_a() {}\nfn chk_01b_no_test() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn inv_01_b() {}\n";
        let sources = [Source::new("crates/core/tests/it/main.rs", text)];
        let carried = carried(&list, &sources).expect("known ids");
        assert_eq!(carried.into_iter().map(|(id, tests)| (id, tests.len())).collect::<Vec<_>>(), [("INV-01", 2)]);
    }

    #[test]
    fn an_unknown_id_is_refused() {
        let list = parse(LIST).expect("a list");
        let sources = [Source::new("crates/core/src/a.rs", "#[test]\nfn inv_77_a() {}\n")];
        let Err(Failure::Broken(why)) = carried(&list, &sources) else { panic!("accepted") };
        assert!(why.contains("crates/core/src/a.rs:2 inv_77_a carries INV-77"), "{why}");
    }

    #[test]
    fn a_bad_list_is_refused() {
        for text in ["INV-1 A one\n", "INV-01 A\n", "INV-01 A one\nINV-01 B two\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
