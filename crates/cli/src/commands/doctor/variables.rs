//! `mao doctor --env`: which variables of this environment would reach a worker and the checks, and which known secrets
//! are kept out. Names only.

use crate::open::{PROBES, variables};
use crate::print::Printer;
use mao_config::Loaded;
use mao_core::ids::ProviderId;
use mao_policy::policy::Billing;
use mao_process::environment as allowed;
use serde_json::json;
use std::collections::BTreeMap;

/// What one kind of child gets.
struct Row {
    who: String,
    remark: String,
    passed: Vec<String>,
    set: Vec<String>,
    withheld: Vec<String>,
}

/// Prints them.
pub(super) fn print(environment: &BTreeMap<String, String>, loaded: &Loaded, printer: &Printer) {
    let needed = |name: &str| {
        let orchestrates = PROBES.iter().any(|probe| probe.name == name && probe.orchestrates);
        orchestrates || loaded.policy.enabled.contains(&ProviderId::from(name))
    };
    let mut rows: Vec<Row> = variables(environment, &loaded.policy)
        .into_iter()
        .map(|(name, billing, found)| {
            let billing = match billing {
                Billing::Subscription => "billing: subscription",
                Billing::Api => "billing: the API",
            };
            let enabled = if needed(name) { "" } else { ", not enabled" };
            Row {
                who: name.to_owned(),
                remark: format!("{billing}{enabled}"),
                passed: found.passed,
                set: found.set,
                withheld: found.withheld,
            }
        })
        .collect();
    rows.push(checks(environment));
    for row in rows {
        if printer.is_json() {
            printer.value(json!({
                "kind": "variables", "who": row.who, "remark": row.remark, "passed": row.passed, "set": row.set,
                "kept_out": row.withheld,
            }));
            continue;
        }
        printer.line(&format!("{} ({})", row.who, row.remark));
        for (what, names) in [("passed", row.passed), ("set by mao", row.set), ("kept out", row.withheld)] {
            let names = if names.is_empty() { "-".to_owned() } else { names.join(" ") };
            printer.line(&format!("  {what:<11} {names}"));
        }
    }
    if !printer.is_json() {
        printer.note("every other variable stays here; no value was printed");
    }
}

fn checks(environment: &BTreeMap<String, String>) -> Row {
    const OWN: [&str; 2] = ["HOME", "TMPDIR"];
    let names = allowed::allowed(environment, &[]).into_iter().filter_map(|(name, _)| name.into_string().ok());
    let mut passed: Vec<String> = names.filter(|name| !name.starts_with("XDG_")).collect();
    passed.retain(|name| !OWN.contains(&name.as_str()) && name != "TERM");
    let withheld = environment.keys().filter(|name| allowed::looks_secret(name)).cloned().collect();
    let set = OWN.iter().map(|&name| name.to_owned()).chain(["TERM".to_owned()]).collect();
    Row { who: "checks".to_owned(), remark: "what models wrote runs there".to_owned(), passed, set, withheld }
}
