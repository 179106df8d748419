//! A run of episodes and what to say about them; knows no terminal.

use std::fmt;

use dt_env::rng::Pcg64;
use dt_env::{Action, Env, StepResult, Tile, World};

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Success,
    Failure,
    Timeout,
}

/// Counts of endings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub success: usize,
    pub failure: usize,
    pub timeout: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            success,
            failure,
            timeout,
        } = self;
        write!(f, "{success} success, {failure} failure, {timeout} timeout")
    }
}

/// The episodes of one sitting.
pub struct Session {
    env: Env,
    seed: u64,
    /// Number of the episode in its stream, from 1.
    episode: usize,
    /// Generator before this episode's reset, to start it again.
    start: Pcg64,
    total: f64,
    last: Option<(Action, StepResult, bool)>,
    tally: Tally,
}

impl Session {
    /// Starts with `reset(seed)`.
    pub fn new(env: Env, seed: u64) -> Self {
        let mut session = Self {
            env,
            seed,
            episode: 1,
            start: Pcg64::from_seed(seed),
            total: 0.0,
            last: None,
            tally: Tally::default(),
        };
        session.again();
        session
    }

    pub fn env(&self) -> &Env {
        &self.env
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Takes a step, unless the episode is over.
    pub fn act(&mut self, action: Action) {
        if self.ending().is_some() {
            return;
        }
        let world = self.env.world();
        let before = world.clone();
        let result = self.env.step(action);
        let changed = differ(&before, self.env.world());
        self.total += result.reward;
        self.last = Some((action, result, changed));
        match self.ending() {
            Some(Ending::Success) => self.tally.success += 1,
            Some(Ending::Failure) => self.tally.failure += 1,
            Some(Ending::Timeout) => self.tally.timeout += 1,
            None => {}
        }
    }

    /// The same episode from its start.
    pub fn again(&mut self) {
        self.env.reset_with(self.start);
        self.total = 0.0;
        self.last = None;
    }

    /// The next episode of the stream.
    pub fn next(&mut self) {
        self.start = *self.env.rng();
        self.episode += 1;
        self.again();
    }

    /// How the episode has ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        let (_, result, _) = self.last?;
        match result {
            _ if !result.is_last() => None,
            _ if result.reward > 0.0 => Some(Ending::Success),
            _ if result.terminated => Some(Ending::Failure),
            _ => Some(Ending::Timeout),
        }
    }

    /// Environment, seed and number of the episode.
    pub fn title(&self) -> String {
        let id = &self.env.spec().id;
        format!("{id}   seed {}   episode {}", self.seed, self.episode)
    }

    /// Steps, return and what is carried.
    pub fn status(&self) -> String {
        let world = self.env.world();
        let carrying = match world.carrying() {
            Tile::EMPTY => "nothing".to_owned(),
            tile => format!("{tile:?}"),
        };
        format!(
            "step {} of {}   reward {}   carrying {carrying}",
            world.step_count(),
            world.rules().max_steps,
            short(self.total),
        )
    }

    /// The last action, and whether it did anything.
    pub fn last_action(&self) -> String {
        match &self.last {
            None => "no action yet".to_owned(),
            Some((action, _, false)) => format!("last action: {action} (nothing happened)"),
            Some((action, ..)) => format!("last action: {action}"),
        }
    }

    /// How the episode ended and what to do now; empty while it runs.
    pub fn message(&self) -> String {
        let Some(ending) = self.ending() else {
            return String::new();
        };
        let steps = self.env.world().step_count();
        let what = match ending {
            Ending::Success => format!("SUCCESS in {steps} steps, reward {}", short(self.total)),
            Ending::Failure => format!("FAILURE in {steps} steps, reward {}", short(self.total)),
            Ending::Timeout => format!("TIME IS UP after {steps} steps, no reward"),
        };
        format!("{what}   (n: next episode, r: this one again)")
    }
}

fn differ(before: &World, after: &World) -> bool {
    before.agent() != after.agent()
        || before.carrying() != after.carrying()
        || before.grid() != after.grid()
}

/// A reward with at most four decimals.
fn short(reward: f64) -> String {
    let text = format!("{reward:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_env::EnvSpec;

    fn session(max_steps: u32) -> Session {
        let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap();
        Session::new(Env::new(spec.with_max_steps(max_steps).into()), 0)
    }

    /// Seed 0: the right turn is the right one.
    fn walk(session: &mut Session, turn: Action) {
        for action in [[Action::Forward; 4].as_slice(), &[turn, Action::Forward]].concat() {
            session.act(action);
        }
    }

    #[test]
    fn each_ending_is_told_apart() {
        let mut session = session(50);
        walk(&mut session, Action::Right);
        assert_eq!(session.ending(), Some(Ending::Success));
        assert!(
            session
                .message()
                .starts_with("SUCCESS in 6 steps, reward 0.892 ")
        );
        session.act(Action::Forward);
        assert_eq!(session.env().world().step_count(), 6, "over is over");
        session.again();
        assert_eq!((session.ending(), session.message()), (None, String::new()));
        walk(&mut session, Action::Left);
        assert_eq!(session.ending(), Some(Ending::Failure));
        session.again();
        (0..50).for_each(|_| session.act(Action::Left));
        assert_eq!(session.ending(), Some(Ending::Timeout));
        assert_eq!(
            session.tally().to_string(),
            "1 success, 1 failure, 1 timeout"
        );
    }

    #[test]
    fn success_on_the_last_step_is_success() {
        let mut session = session(6);
        walk(&mut session, Action::Right);
        assert_eq!(session.ending(), Some(Ending::Success));
    }

    #[test]
    fn again_repeats_an_episode_and_next_does_not() {
        let mut session = session(50);
        let first = session.env().layout().to_owned();
        session.next();
        session.next();
        let third = session.env().layout().to_owned();
        session.act(Action::Forward);
        session.again();
        assert_eq!(session.env().layout().to_owned(), third);
        assert_ne!(
            first, third,
            "seed 0 gives ball-bottom, ball-top, key-bottom"
        );
        assert!(session.title().ends_with("episode 3"));
    }

    #[test]
    fn useless_actions_are_said_to_be_so() {
        let mut session = session(50);
        session.act(Action::Drop);
        assert_eq!(
            session.last_action(),
            "last action: drop (nothing happened)"
        );
        session.act(Action::Left);
        assert_eq!(session.last_action(), "last action: left");
        session.act(Action::Pickup);
        assert_eq!(
            session.status(),
            "step 3 of 50   reward 0   carrying green ball"
        );
    }
}
