//! Named points at which a test may kill the process: before an event is recorded (its effect is done) and after it
//! (its consequence has not begun). Outside tests nobody listens and a point is one comparison.

use mao_core::event::Event;

/// On which side of the record a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The effect is done, its event is not recorded.
    Before,
    /// The event is recorded, its consequence has not begun.
    After,
}

/// Who is told of every point that is passed, by its name: `after:attempt_started:work.1.core:1`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Points(pub Option<fn(&str)>);

impl Points {
    /// Passes the points that `events`, recorded in one commit, make: one each, so that their names do not depend on
    /// what happened to be recorded together.
    pub fn pass(self, side: Side, events: &[Event]) {
        let Some(listener) = self.0 else { return };
        let side = match side {
            Side::Before => "before",
            Side::After => "after",
        };
        for event in events {
            let step = event.step().map_or("-", |step| step.as_str());
            let attempt = event.attempt().map_or(0, |attempt| attempt.0);
            listener(&format!("{side}:{}:{step}:{attempt}", event.kind()));
        }
    }
}
