//! How figures are shown: a table for people, JSON for programs, a page for the repository. It measures nothing.

use crate::done::Done;
use crate::figure::Figure;
use crate::machine::Machine;
use serde_json::json;
use std::io::Write;

/// One line on standard output. Who reads may have gone: that is no error.
pub fn line(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// Which part is measured now, past what is read by programs.
pub fn progress(part: &str) {
    drop(writeln!(std::io::stderr().lock(), "── {part}"));
}

/// One JSON value a line: the machine, then every figure.
pub fn json(figures: &[Figure], before: &Machine, after: &Machine) -> Done {
    line(&json!({"kind": "machine", "machine": before, "load_after": after.load}).to_string());
    for figure in figures {
        let mut value = serde_json::to_value(figure)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("kind".to_owned(), "figure".into());
            object.insert("holds".to_owned(), figure.holds().into());
        }
        line(&value.to_string());
    }
    Ok(())
}

/// The figures in columns.
pub fn table(figures: &[Figure], before: &Machine, after: &Machine) -> String {
    let rows: Vec<[String; 5]> = figures
        .iter()
        .map(|figure| {
            let part = format!("{:<9}", figure.part);
            [part, figure.what.clone(), figure.shown(), figure.demanded(), verdict(figure).to_owned()]
        })
        .collect();
    let wide = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let [what, value, most] = [wide(1), wide(2), wide(3)];
    let mut text = format!("{}\n{}\n", of(before), load(before, after));
    for (row, figure) in rows.iter().zip(figures) {
        let cells = format!("{} {:<what$} {:>value$}  {:<most$} {:<6}", row[0], row[1], row[2], row[3], row[4]);
        text.push_str(&format!("{cells}  {}\n", figure.from));
    }
    text.trim_end().to_owned()
}

/// The page `docs/benchmark.md`.
pub fn page(figures: &[Figure], before: &Machine, after: &Machine) -> String {
    let mut text = format!(
        "# Benchmark\n\n\
         Written by `cargo xtask bench --write`; not edited by hand. Every figure is a ratio or a difference between two\n\
         things that were done in turn in one run, so that the machine and its load meet both sides alike. The right\n\
         column says what the figure is made of.\n\n\
         Measured on {} with a release build, on {}.\n{}.\n\n\
         | part | what | value | demanded | | made of |\n|---|---|---:|---|---|---|\n",
        before.day,
        of(before),
        load(before, after),
    );
    for figure in figures {
        let cells = [&figure.what, &figure.shown(), &figure.demanded()].map(|cell| cell.replace('|', "\\|"));
        let [what, value, most] = cells;
        text.push_str(&format!(
            "| {} | {what} | {value} | {most} | {} | {} |\n",
            figure.part,
            verdict(figure),
            figure.from.replace('|', "\\|")
        ));
    }
    text
}

fn verdict(figure: &Figure) -> &'static str {
    match figure.most {
        None => "",
        Some(_) if figure.holds() => "met",
        Some(_) => "missed",
    }
}

fn of(machine: &Machine) -> String {
    format!(
        "{}, {} cores, {} GiB, Linux {}, {}, git {}",
        machine.processor, machine.cores, machine.memory_gib, machine.kernel, machine.file_system, machine.git
    )
}

fn load(before: &Machine, after: &Machine) -> String {
    format!("Load before {:.2}, after {:.2} (a minute's average, what is measured included)", before.load, after.load)
}
