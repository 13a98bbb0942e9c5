//! `kill -9` at every named point of a run, then `mao resume`: the same commits as if nothing had happened.

use crate::evidence::{Reference, checkout, reference, violations};
use crate::shop::{LATER, Shop, end, ran, spawn};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How many places are at work at once.
const AT_ONCE: usize = 4;

/// One uninterrupted run: the points that it passes, and what it leaves.
fn uninterrupted(shop: &Shop, sections: &str) -> (Vec<String>, Reference) {
    let log = shop.sandbox.root().join("points");
    let before = checkout(shop);
    let whole = ran(shop.develop(sections).env("MAO_TEST_POINTS", &log));
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let points: BTreeSet<String> = std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect();
    let left = reference(shop);
    assert_eq!(violations(shop, &left, &before), Vec::<String>::new());
    (points.into_iter().collect(), left)
}

/// Kills a run at `point`, resumes it, and says what is not as it should be.
fn killed_at(point: &str, shop: &Shop, sections: &str, reference: &Reference, mutant: Option<&str>) -> Vec<String> {
    let mut first = shop.develop(sections);
    first.env("MAO_TEST_POINT", point);
    if let Some(mutant) = mutant {
        first.env("MAO_MUTANT", mutant);
    }
    let unrecorded = point.starts_with("before:run_opened");
    if unrecorded {
        // The same moment again gives the same commits; the lease of the run that never was must be over by then.
        first.env("MAO_TEST_LEASE", "0");
    }
    let before = checkout(shop);
    let killed = ran(&mut first);
    if killed.code.is_some() {
        return vec![format!("the run was not killed, but ended with {:?}: {}", killed.code, killed.stderr)];
    }
    let again = if unrecorded {
        let nothing = shop.mao(&["resume"]);
        assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(1), ""), "{}", nothing.stderr);
        ran(&mut shop.develop(sections))
    } else {
        end(spawn(shop.command(&["resume"]).env("MAO_TEST_CLOCK", LATER.to_string())))
    };
    let mut wrong = violations(shop, reference, &before);
    if again.code != Some(0) {
        wrong.push(format!("it went on and ended with {:?}: {}", again.code, again.stderr));
    }
    wrong
}

/// Kills at all these points, several places at once; what is wrong, by point.
fn all(points: &[String], reference: &Reference, sections: &str, place: impl Fn() -> Shop + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let found = killed_at(point, &place(), sections, reference, None);
                    wrong.lock().unwrap().extend(found.into_iter().map(|what| format!("{point}: {what}")));
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

#[test]
fn log_02_kill_at_every_point_ends_in_the_same_commits() {
    let began = Instant::now();
    let (points, reference) = uninterrupted(&Shop::in_memory(), "1,2");
    let wrong = all(&points, &reference, "1,2", Shop::in_memory);
    println!(
        "killed at {} named points with a shell check, resumed in {} s, {} violations",
        points.len(),
        began.elapsed().as_secs(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(points.len() > 300, "{points:?}");
}

/// Ten of the demo's points: one of each kind of thing that can be half done.
const TEN: [&str; 10] = [
    "after:run_opened:-:0",
    "before:attempt_ended:plan:1",
    "after:attempt_started:work.1.schemas:1",
    "before:decided:work.2.schemas:1",
    "after:change_refused:work.1.storage:1",
    "before:verified:check.1.core.1:0",
    "before:merged:merge.1.storage.1:0",
    "after:verified:trial.1.implementation.1-again:0",
    "before:head_moved:merge.1.tests.1:0",
    "before:published:publish:0",
];

#[test]
fn log_02_kill_at_ten_points_of_the_demo_with_cargo_ends_in_the_same_commits() {
    let began = Instant::now();
    let (points, reference) = uninterrupted(&Shop::demo(), "1,2");
    for point in TEN {
        assert!(points.iter().any(|passed| passed == point), "{point} is none of {points:?}");
    }
    let wrong = all(&TEN.map(str::to_owned), &reference, "1,2", Shop::demo);
    println!(
        "killed at {} of the demo's {} points with cargo, resumed in {} s, {} violations",
        TEN.len(),
        points.len(),
        began.elapsed().as_secs(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn log_01_an_effect_before_its_write_is_noticed() {
    let (points, reference) = uninterrupted(&Shop::new(), "1,2");
    let point = "before:attempt_started:work.1.core:1";
    assert!(points.iter().any(|passed| passed == point), "{points:?}");
    assert_eq!(killed_at(point, &Shop::new(), "1,2", &reference, None), Vec::<String>::new());
    let wrong = killed_at(point, &Shop::new(), "1,2", &reference, Some("engine_effect_before_write"));
    assert!(wrong.iter().any(|what| what.contains("an effect came before its write")), "{wrong:?}");
}
