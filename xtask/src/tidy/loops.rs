//! The rule that files of a room never import each other in a circle.
//!
//! An edge is a `use` or an inline path that begins with `crate`, `self`, `super` or the name of a child module, outside
//! tests. A parent that re-exports its children is not importing them.

use super::rule::{Breach, Rule};
use crate::house::House;
use crate::source::{Mention, MentionKind, Source};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULES: &[Rule] = &[Rule::new(
    "loop",
    "files that import each other in a circle can only be read, tested and moved as one; put what they share beneath both",
    loops,
)];

/// Where each file leads: its target with the line of the first mention.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

fn loops(house: &House) -> Vec<Breach> {
    let mut rooms: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in &house.sources {
        if let Some((root, _)) = source.path.split_once("/src/") {
            rooms.entry(root).or_default().push(source);
        }
    }
    rooms.values().flat_map(|sources| circles(&edges(sources))).collect()
}

/// `src/a/mod.rs` and `src/a.rs` are the module `a`; the crate's root is the empty path.
fn module(path: &str) -> Vec<&str> {
    let inside = path.split_once("/src/").map_or(path, |(_, inside)| inside).trim_end_matches(".rs");
    let mut parts: Vec<&str> = inside.split('/').collect();
    if matches!(parts.last(), Some(&"mod" | &"lib" | &"main")) {
        parts.pop();
    }
    parts
}

fn edges<'a>(sources: &[&'a Source]) -> Edges<'a> {
    let modules: BTreeMap<Vec<&str>, &'a str> =
        sources.iter().map(|source| (module(&source.path), source.path.as_str())).collect();
    let mut edges = Edges::new();
    for source in sources {
        let here = module(&source.path);
        for mention in source.mentions.iter().filter(|mention| !mention.in_test) {
            let Some(target) = target(&here, mention, &modules) else { continue };
            let child = module(target).starts_with(&here);
            if target == source.path || (mention.kind == MentionKind::Reexport && child) {
                continue;
            }
            edges.entry(&source.path).or_default().entry(target).or_insert(mention.line);
        }
    }
    edges
}

/// The file that a mention leads to, if it leads to one of this room.
fn target<'a>(here: &[&str], mention: &Mention, modules: &BTreeMap<Vec<&str>, &'a str>) -> Option<&'a str> {
    let parts: Vec<&str> = mention.path.split("::").collect();
    let (mut base, mut rest, mut inline): (Vec<&str>, &[&str], usize) = (here.to_vec(), &parts, mention.depth);
    match parts.first()? {
        &"crate" => (base, rest) = (Vec::new(), &parts[1..]),
        &"self" | &"super" => {
            while let Some((first, after)) = rest.split_first() {
                match *first {
                    "self" => {}
                    "super" if inline > 0 => inline -= 1,
                    "super" => drop(base.pop()),
                    _ => break,
                }
                rest = after;
            }
            // Inside an inline module what follows `self` is that module's own.
            if inline > 0 {
                return None;
            }
        }
        child => {
            let path: Vec<&str> = here.iter().chain([child]).copied().collect();
            if inline > 0 || !modules.contains_key(&path) {
                return None;
            }
        }
    }
    let whole: Vec<&str> = base.iter().chain(rest).copied().collect();
    (0..=whole.len()).rev().find_map(|length| modules.get(&whole[..length]).copied())
}

/// One breach per circle: files that reach each other.
fn circles(edges: &Edges<'_>) -> Vec<Breach> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reachable(file, edges))).collect();
    let meets = |a: &str, b: &str| reach.get(a).is_some_and(|reached| reached.contains(b));
    let mut seen = BTreeSet::new();
    let mut breaches = Vec::new();
    for file in edges.keys() {
        if seen.contains(file) || !meets(file, file) {
            continue;
        }
        let circle: Vec<&str> =
            edges.keys().copied().filter(|other| meets(file, other) && meets(other, file)).collect();
        seen.extend(circle.iter().copied());
        breaches.push(Breach::file(file, described(&circle, edges)));
    }
    breaches
}

fn reachable<'a>(from: &str, edges: &Edges<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&'a str> = edges.get(from).into_iter().flat_map(BTreeMap::keys).copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(edges.get(file).into_iter().flat_map(BTreeMap::keys).copied());
        }
    }
    reached
}

fn described(circle: &[&str], edges: &Edges<'_>) -> String {
    let name = |path: &str| path.split_once("/src/").map_or_else(|| path.to_owned(), |(_, inside)| inside.to_owned());
    let arrows = circle.iter().flat_map(|file| {
        let out = edges.get(file).into_iter().flatten().filter(|(target, _)| circle.contains(target));
        out.map(move |(target, line)| format!("{}:{line} → {}", name(file), name(target)))
    });
    format!("{} files import each other: {}", circle.len(), arrows.collect::<Vec<_>>().join(", "))
}
