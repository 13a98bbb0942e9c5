//! One owner at a time: who comes second is refused, who was outlived by its lease is too late, and an attempt that was
//! lost twice is a person's to decide.

use crate::evidence::{checkout, debris, reference, violations};
use crate::shop::{BEGIN, CONFIG, LATER, RUN, Shop, copy, end, ran, spawn};
use mao_core::event::Recorded;
use mao_testkit::sandbox::Ran;
use std::process::Child;
use std::time::{Duration, Instant};

/// How long a lease lasts where it is to run out, in milliseconds.
const LEASE: &str = "1000";

/// The branch of the run.
fn branch() -> String {
    format!("mao/{}", &RUN[..8])
}

/// A shop whose clock goes.
fn shop() -> Shop {
    let mut shop = Shop::new();
    shop.sandbox.set("MAO_TEST_CLOCK", "the machine's");
    shop
}

/// An owner that stops (SIGSTOP) at a point and holds the run.
fn stopped_at(shop: &Shop, point: &str, lease: &str) -> Child {
    let mut owner = spawn(shop.develop("1,2").env("MAO_TEST_STOP", point).env("MAO_TEST_LEASE", lease));
    let stat = format!("/proc/{}/stat", owner.id());
    let began = Instant::now();
    while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
        assert!(began.elapsed() < Duration::from_secs(60), "it did not come to {point}");
        if owner.try_wait().unwrap().is_some() {
            panic!("it ended before {point}: {}", end(owner).stderr);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    owner
}

fn go_on(owner: Child) -> Ran {
    let sent = std::process::Command::new("sh").arg("-c").arg(format!("kill -CONT {}", owner.id())).status();
    assert!(sent.unwrap().success());
    end(owner)
}

/// `mao resume`, again until the lease is over.
fn take_over(shop: &Shop) -> Ran {
    let began = Instant::now();
    loop {
        let second = ran(shop.command(&["resume"]).env("MAO_TEST_LEASE", LEASE));
        let held = second.code == Some(1) && second.stderr.contains("is owned by another process");
        if !held || began.elapsed() > Duration::from_secs(30) {
            return second;
        }
    }
}

#[test]
fn log_01_a_second_owner_is_refused() {
    let shop = shop();
    let first = stopped_at(&shop, "after:step_opened:work.1.core:0", "600000");
    for words in [&["resume"][..], &["resume", "0123"]] {
        let second = shop.mao(words);
        assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""), "{}", second.stderr);
        assert!(second.stderr.contains("is owned by another process"), "{}", second.stderr);
        assert!(second.stderr.contains("mao cancel"), "{}", second.stderr);
    }
    let first = go_on(first);
    assert_eq!(first.code, Some(0), "the first is not disturbed: {}", first.stderr);
}

/// The first owner is stopped at `point` past its lease, a second one takes the run over and ends it; its branch is
/// discarded, so that whatever the first still does would show. Then the first goes on.
fn too_late(point: &str) {
    let shop = shop();
    let first = stopped_at(&shop, point, LEASE);
    let second = take_over(&shop);
    assert_eq!(second.code, Some(0), "{point}: {}", second.stderr);
    let published = shop.branch(&branch()).expect("the second owner's branch");
    let ledger = shop.ledger(RUN);
    assert_eq!(shop.mao(&["discard"]).code, Some(0));

    let first = go_on(first);
    assert_eq!(first.code, Some(1), "{point}: {}", first.stderr);
    assert!(first.stderr.contains("another process took the run over"), "{point}: {}", first.stderr);
    assert_eq!(shop.branch(&branch()), None, "{point}: the first published {published} again");
    assert_eq!(shop.ledger(RUN), ledger, "{point}: the first recorded something");
    assert_eq!(debris(&shop, RUN), Vec::<String>::new(), "{point}");
}

#[test]
fn log_01_a_late_append_is_refused() {
    too_late("before:attempt_ended:work.1.core:1");
}

#[test]
fn log_01_a_late_merge_is_refused() {
    too_late("after:step_opened:merge.1.core.1:0");
}

#[test]
fn log_01_a_late_publish_is_refused() {
    too_late("after:step_opened:publish:0");
}

#[test]
fn log_01_an_attempt_that_was_lost_twice_asks_a_person() {
    let whole = Shop::new();
    assert_eq!(ran(&mut whole.develop("1,2")).code, Some(0));
    let reference = reference(&whole);

    let shop = Shop::new();
    let before = checkout(&shop);
    let at = |moment: u64, words: &[&str], point: &str| {
        let mut command = shop.command(words);
        if words.is_empty() {
            command = shop.develop("1,2");
        }
        ran(command.env("MAO_TEST_CLOCK", moment.to_string()).env("MAO_TEST_POINT", point))
    };
    let lost = |no: u32| format!("after:attempt_started:work.1.core:{no}");
    assert_eq!(at(BEGIN, &[], &lost(1)).code, None);
    assert_eq!(at(LATER, &["resume"], &lost(2)).code, None);
    let asks = at(LATER + 60_000, &["resume"], "");
    assert_eq!(asks.code, Some(7), "{}", asks.stderr);
    assert!(asks.stdout.contains("Core logic: 2 attempts were lost when mao was killed"), "{}", asks.stdout);

    let no_answer = at(LATER + 70_000, &["answer", &RUN[..8], "perhaps"], "");
    assert_eq!(no_answer.code, Some(2), "{}", no_answer.stderr);
    let waits = at(LATER + 80_000, &["resume"], "");
    assert_eq!(waits.code, Some(7), "{}", waits.stderr);
    let goes_on = at(LATER + 90_000, &["answer", &RUN[..8], "yes"], "");
    assert_eq!(goes_on.code, Some(0), "{}", goes_on.stderr);
    assert_eq!(violations(&shop, &reference, &before), Vec::<String>::new());
}

#[test]
fn dev_10_an_owner_that_stops_on_an_error_leaves_its_attempts_lost_and_cancels_none() {
    let mut shop = shop();
    copy(&shop.script, &shop.sandbox.root().join("script"));
    let slow =
        "{ edit = { path = \"lib/1/schemas.txt\", content = \"gives 1.schemas=ready\\n\" } }, { say = \"there\" }";
    shop.play("work.1.schemas", &format!("[[turn]]\nact = [{{ sleep_ms = 2500 }}, {slow}]\n"));
    let config = CONFIG.replace("500ms", "5s");
    std::fs::write(shop.sandbox.home().join(".config/mao/multi-model.toml"), config).unwrap();
    let point = "after:attempt_started:work.2.schemas:1";
    let first = stopped_at(&shop, point, "600000");
    // Where its checkout would be noted, something else stands: the machine fails it, and not its model.
    let taken = shop.run_dir(RUN).join("index/work.2.schemas-1.base");
    std::fs::create_dir(&taken).unwrap();
    let first = go_on(first);
    assert_eq!(first.code, Some(3), "{}", first.stderr);
    assert!(first.stderr.contains("work.2.schemas-1.base"), "{}", first.stderr);
    let of = |events: &[Recorded], kind: &str| -> Vec<String> {
        let works = events.iter().filter(|recorded| recorded.event.kind() == kind);
        let steps = works.filter_map(|recorded| recorded.event.step().map(ToString::to_string));
        steps.filter(|step| step.starts_with("work.")).collect()
    };
    let left = shop.ledger(RUN);
    assert_eq!(of(&left, "attempt_started"), ["work.1.schemas", "work.2.schemas"]);
    assert_eq!(of(&left, "attempt_ended"), Vec::<String>::new(), "nobody cancelled anything");

    std::fs::remove_dir(&taken).unwrap();
    let second = shop.mao(&["resume"]);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let whole = shop.ledger(RUN);
    assert_eq!(whole[..left.len()], left[..]);
    let mut lost = of(&whole, "attempt_lost");
    lost.sort();
    assert_eq!(lost, ["work.1.schemas", "work.2.schemas"]);
    let made = of(&whole, "attempt_ended").into_iter().filter(|step| step == "work.1.schemas").count();
    assert_eq!(made, 1, "it is made once more, and spends no retry");
}
