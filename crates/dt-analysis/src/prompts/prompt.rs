//! From a study to the frames that an agent is shown.

use std::fmt;
use std::sync::Arc;

use dt_env::{Configuration, Env, EnvSpec, Object};

use super::config::{EditConfig, NewObject, Study};
use crate::Error;

/// One prompt of a study: instruction × target order × return-to-go.
///
/// Written `Key, Key-Ball, 0.892`: instruction, left and right target, return-to-go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facet {
    /// Instruction and order of the targets.
    pub configuration: Configuration,
    /// Return-to-go that is asked for.
    pub rtg: f64,
}

impl Facet {
    /// Layout alone: `Key, Key-Ball`.
    pub fn layout(&self) -> String {
        let instruction = match self.configuration.instruction {
            Object::Key => "Key",
            _ => "Ball",
        };
        format!("{instruction}, {}", self.configuration.order.name())
    }

    /// Signs of instruction (key: +), target order (key on the left: +) and return-to-go (above
    /// the middle of those asked for: +).
    pub fn signs(&self, middle: f64) -> [f64; 3] {
        let sign = |yes: bool| if yes { 1.0 } else { -1.0 };
        [
            sign(self.configuration.instruction == Object::Key),
            sign(self.configuration.order.objects().0 == Object::Key),
            sign(self.rtg > middle),
        ]
    }

    /// Sign of the logit difference of an agent that does as it is asked: to the target of the
    /// instruction at a return-to-go above `middle`, to the other one below.
    pub fn wanted_sign(&self, middle: f64) -> f64 {
        let [instruction, order, rtg] = self.signs(middle);
        instruction * order * rtg
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:.3}", self.layout(), self.rtg)
    }
}

/// A facet with the frames of its walk, as the world shows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Which.
    pub facet: Facet,
    /// Observations from the start to the decision.
    pub observations: Vec<Vec<u8>>,
    /// The same walk with the other instruction.
    with_other_instruction: Vec<Vec<u8>>,
    /// The same walk with the targets exchanged.
    with_other_targets: Vec<Vec<u8>>,
    /// Actions of the walk.
    pub actions: Vec<u32>,
    view: usize,
}

/// What an agent is shown: a scenario's frames, perhaps edited.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Return-to-go at every step.
    pub rtg: f64,
    /// Observations from the start on.
    pub observations: Vec<Vec<u8>>,
    /// Additions of vocabulary items to frames: step, item and strength.
    pub additions: Vec<(usize, u32, f32)>,
    /// Actions between the frames.
    pub actions: Vec<u32>,
}

/// Every facet of a study, return-to-go by return-to-go.
///
/// # Errors
/// If the world cannot produce the walk.
pub fn scenarios(study: &Study) -> Result<Vec<Scenario>, Error> {
    let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
    let mut all = Vec::new();
    for &rtg in &study.returns_to_go {
        for &configuration in &study.prompts {
            let other = Configuration {
                instruction: opposite(configuration.instruction),
                ..configuration
            };
            let exchanged = *Configuration::ALL
                .iter()
                .find(|c| {
                    c.instruction == configuration.instruction && c.order != configuration.order
                })
                .expect("there are two orders of each instruction");
            all.push(Scenario {
                facet: Facet { configuration, rtg },
                observations: walk(study, &spec, configuration)?,
                with_other_instruction: walk(study, &spec, other)?,
                with_other_targets: walk(study, &spec, exchanged)?,
                actions: study.walk.iter().map(|&a| a as u32).collect(),
                view: spec.view_size as usize,
            });
        }
    }
    Ok(all)
}

fn opposite(object: Object) -> Object {
    match object {
        Object::Key => Object::Ball,
        _ => Object::Key,
    }
}

fn walk(
    study: &Study,
    spec: &Arc<EnvSpec>,
    configuration: Configuration,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut env = Env::new(spec.clone());
    env.reset_where(&configuration.facts())
        .expect("a memory world has every configuration");
    let mut observations = vec![env.world().observation()];
    for (step, &action) in study.walk.iter().enumerate() {
        let before = env.world().agent();
        let result = env.step(action);
        if result.is_last() && step + 1 < study.walk.len() {
            return Err(Error::Question(format!(
                "study {}: the episode ends at step {} of the walk, {action}; shorten `walk`",
                study.name,
                step + 1
            )));
        }
        if action == dt_env::Action::Forward && env.world().agent() == before {
            return Err(Error::Question(format!(
                "study {}: something stands in the way at step {} of the walk; the world {} \
                 cannot produce this scenario",
                study.name,
                step + 1,
                spec.id
            )));
        }
        observations.push(env.world().observation());
    }
    Ok(observations)
}

impl Scenario {
    /// The prompt that an edit makes.
    ///
    /// # Errors
    /// If an object is to be swapped where there is neither key nor ball.
    pub fn prompt(&self, study: &Study, edit: &EditConfig) -> Result<Prompt, Error> {
        let mut observations = match (edit.flip_instruction, edit.flip_targets) {
            (false, false) => self.observations.clone(),
            (true, false) => self.with_other_instruction.clone(),
            (false, true) => self.with_other_targets.clone(),
            (true, true) => {
                return Err(Error::Question(format!(
                    "edit `{}`: flip_instruction and flip_targets together are the same task; \
                     give one",
                    edit.name
                )));
            }
        };
        for change in &edit.changes {
            let step = study.moment(&change.at).expect("checked on reading");
            let (x, y) = change.cell;
            let byte = &mut observations[step][(x * self.view + y) * 3];
            let present = Object::from_index(*byte);
            let object = match change.object {
                NewObject::OtherThanInstruction => opposite(self.facet.configuration.instruction),
                NewObject::SameAsInstruction => self.facet.configuration.instruction,
                NewObject::Object(object) => object,
                NewObject::Swapped => match present {
                    Some(o @ (Object::Key | Object::Ball)) => opposite(o),
                    _ => {
                        return Err(Error::Question(format!(
                            "edit `{}`: there is neither key nor ball at ({x},{y}) of frame `{}` \
                             in {}, so nothing can be swapped",
                            edit.name, change.at, self.facet
                        )));
                    }
                },
            };
            *byte = object as u8;
        }
        Ok(Prompt {
            rtg: self.facet.rtg,
            observations,
            additions: Vec::new(),
            actions: self.actions.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(observation: &[u8], x: usize, y: usize) -> Object {
        Object::from_index(observation[(x * 7 + y) * 3]).unwrap()
    }

    #[test]
    fn frames_come_from_the_world() {
        let study = Study::memory_post();
        let all = scenarios(&study).unwrap();
        assert_eq!(all.len(), 8);
        assert_eq!(all[0].facet.to_string(), "Key, Key-Ball, 0.892");
        assert_eq!(all[7].facet.to_string(), "Ball, Key-Ball, 0.000");
        let start = &all[0].observations[0];
        assert_eq!(object(start, 2, 6), Object::Key);
        assert_eq!(object(start, 1, 2), Object::Key);
        assert_eq!(object(start, 5, 2), Object::Ball);
        let end = &all[0].observations[4];
        assert_eq!(object(end, 1, 6), Object::Key);
        assert_eq!(object(end, 5, 6), Object::Ball);
    }

    #[test]
    fn edits_change_object_bits_alone() {
        let study = Study::memory_post();
        let all = scenarios(&study).unwrap();
        let original = all[0].prompt(&study, study.original()).unwrap();
        let both = &study.edits[3];
        let edited = all[0].prompt(&study, both).unwrap();
        let changed: Vec<usize> = (0..147)
            .filter(|&i| original.observations[0][i] != edited.observations[0][i])
            .collect();
        assert_eq!(changed, [5 * 3, (4 * 7 + 2) * 3]);
        assert_eq!(object(&edited.observations[0], 0, 5), Object::Ball);
        assert_eq!(original.observations[1..], edited.observations[1..]);

        let flipped = all[0].prompt(&study, study.flipped()).unwrap();
        assert_eq!(object(&flipped.observations[0], 2, 6), Object::Ball);
        assert_eq!(
            original.observations[1..],
            flipped.observations[1..],
            "seen at the start only"
        );

        let swapped = all[0].prompt(&study, &study.target_edits[0]).unwrap();
        assert_eq!(object(&swapped.observations[0], 1, 2), Object::Ball);
        assert_eq!(original.observations[4], swapped.observations[4]);
    }

    #[test]
    fn impossible_scenarios_are_refused() {
        let mut study = Study::memory_post();
        study.walk = vec![dt_env::Action::Forward; 6];
        let message = scenarios(&study).unwrap_err().to_string();
        assert!(message.contains("cannot produce"), "{message}");
        let mut study = Study::memory_post();
        study.target_edits[0].changes[0].cell = (3, 3);
        let all = scenarios(&study).unwrap();
        let message = all[0]
            .prompt(&study, &study.target_edits[0])
            .unwrap_err()
            .to_string();
        assert!(message.contains("(3,3)"), "{message}");
    }

    #[test]
    fn signs_are_those_of_the_task() {
        let all = scenarios(&Study::memory_post()).unwrap();
        let signs: Vec<f64> = all.iter().map(|s| s.facet.wanted_sign(0.446)).collect();
        assert_eq!(signs, [1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0]);
    }
}
