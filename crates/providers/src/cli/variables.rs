//! Which variables a vendor's tool would get, for people who want to see it before anything is started. It asks the
//! vendor's own command line, so that what is shown is what happens; values are looked at and never handed out.

use super::{Ground, Vendor};
use crate::provider::{Access, Billing, Job, Timers};
use mao_process::environment::looks_secret;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The variables of one tool, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// They pass as they are.
    pub passed: Vec<String>,
    /// They are made or changed by us.
    pub set: Vec<String>,
    /// They look like secrets, or bill somebody else, and are kept out.
    pub withheld: Vec<String>,
}

/// What a tool of `vendor`'s would get out of `environment`.
#[must_use]
pub fn variables(vendor: &dyn Vendor, environment: &BTreeMap<String, String>, billing: Billing) -> Variables {
    let nowhere = || PathBuf::from("/nonexistent");
    let job = Job {
        label: String::new(),
        step: String::new(),
        acknowledged: 0,
        endpoint: String::new(),
        effort: None,
        prompt: String::new(),
        schema: None,
        cwd: nowhere(),
        access: Access::Write,
        scratch: nowhere(),
        reads: Vec::new(),
        session: String::new(),
        timers: Timers {
            first_byte: Duration::ZERO,
            idle: Duration::ZERO,
            total: Duration::ZERO,
            grace: Duration::ZERO,
        },
        billing,
        environment: environment.clone(),
        transcript: nowhere(),
    };
    let line = vendor.command_line(&job, &Ground::default());
    let mut found = Variables::default();
    for (name, value) in line.env {
        let same = environment.get(&name) == Some(&value);
        if same { found.passed.push(name) } else { found.set.push(name) }
    }
    let reaches = |name: &String| found.passed.contains(name) || found.set.contains(name);
    found.withheld = environment.keys().filter(|name| looks_secret(name) && !reaches(name)).cloned().collect();
    found
}
