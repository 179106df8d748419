//! Walks through the post's world, and what the agent sees at their ends.

use dt_env::{Action, Configuration, Env, EnvSpec, Object, Side};

/// The world of the post.
pub(super) const WORLD: &str = "MiniGrid-MemoryS7FixedStart-v0";

/// Down the corridor to its end.
pub(super) const CORRIDOR: [Action; 4] = [Action::Forward; 4];

/// A cell of the view: column and row.
pub(super) type Cell = (usize, usize);

/// Where the instruction is at the start.
pub(super) const INSTRUCTION: Cell = (2, 6);
/// Where its complements are added.
pub(super) const COMPLEMENTS: [Cell; 2] = [(0, 5), (4, 2)];
/// Where the left and the right target are at the start.
pub(super) const TARGETS: [Cell; 2] = [(1, 2), (5, 2)];
/// Where they are at the corridor's end.
pub(super) const END_TARGETS: [Cell; 2] = [(1, 6), (5, 6)];

/// Observations of a walk: at the start, and after each action.
pub(super) fn walk(configuration: Configuration, actions: &[Action]) -> Vec<Vec<u8>> {
    let spec = EnvSpec::builtin(WORLD).expect("the post's world is built in");
    let mut env = Env::new(spec.into());
    env.reset_where(&configuration.facts())
        .expect("a memory world has every configuration");
    let mut observations = vec![env.world().observation()];
    for &action in actions {
        env.step(action);
        observations.push(env.world().observation());
    }
    observations
}

/// What is seen at the end of a walk.
pub(super) fn after(configuration: Configuration, actions: &[Action]) -> Vec<u8> {
    let mut observations = walk(configuration, actions);
    observations.pop().expect("a walk has a start")
}

/// The shortest walk to the target that matches the instruction.
pub(super) fn optimal(configuration: Configuration) -> Vec<Action> {
    let turn = match configuration.success_side() {
        Side::Left => Action::Left,
        Side::Right => Action::Right,
    };
    [&CORRIDOR[..], &[turn, Action::Forward]].concat()
}

/// The object that the instruction is not.
pub(super) fn complement(instruction: Object) -> Object {
    match instruction {
        Object::Key => Object::Ball,
        _ => Object::Key,
    }
}

/// Puts an object into a cell whose colour and state stay.
pub(super) fn put(observation: &mut [u8], (x, y): Cell, object: Object) {
    let side = (observation.len() / 3).isqrt();
    observation[(x * side + y) * 3] = object as u8;
}

/// An edit of the start observation, by the name that records have.
pub(super) struct Edit {
    pub name: &'static str,
    /// In fewer words.
    pub title: &'static str,
    /// Cells that get the object that the instruction is not.
    pub cells: Vec<Cell>,
}

impl Edit {
    /// The five of the post.
    pub fn all() -> [Self; 5] {
        let [near, far] = COMPLEMENTS;
        let edit = |name, title, cells: &[Cell]| Self {
            name,
            title,
            cells: cells.to_vec(),
        };
        [
            edit("Original", "Original", &[]),
            edit("Complement (0,5)", "Complement (0,5)", &[near]),
            edit("Complement (4,2)", "Complement (4,2)", &[far]),
            edit("Complement (0,5), (4,2)", "Both complements", &[near, far]),
            edit("Instruction Flipped", "Instruction flipped", &[INSTRUCTION]),
        ]
    }

    /// The start observation with the edit.
    pub fn of(&self, configuration: Configuration) -> Vec<u8> {
        let mut observation = after(configuration, &[]);
        for &cell in &self.cells {
            put(
                &mut observation,
                cell,
                complement(configuration.instruction),
            );
        }
        observation
    }
}

/// A place of the post, reached by a walk from the start.
pub(super) struct Moment {
    pub name: &'static str,
    pub actions: Vec<Action>,
    /// The cell that it is about, and whether the instruction or the left target is there.
    pub cell: Cell,
    pub sight: Sight,
}

/// What a moment's cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    Instruction,
    LeftTarget,
}

impl Moment {
    /// The six reference observations.
    pub fn references() -> [Self; 6] {
        use Action::{Forward as F, Left as L};
        use Sight::{Instruction, LeftTarget};
        let moment = |name, actions: &[Action], cell, sight| Self {
            name,
            actions: actions.to_vec(),
            cell,
            sight,
        };
        [
            moment("Start", &[], INSTRUCTION, Instruction),
            moment("End of corridor", &CORRIDOR, END_TARGETS[0], LeftTarget),
            moment("Look-back", &[F, F, F, F, L, L], (4, 2), Instruction),
            moment("Early turn 1", &[F, F, L], (1, 5), Instruction),
            moment("Early turn 2", &[F, F, F, L], (0, 5), Instruction),
            moment("Turn", &[F, F, F, F, L], (3, 4), LeftTarget),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_env::{Color, Tile};

    fn tile(observation: &[u8], (x, y): Cell) -> Tile {
        let bytes = &observation[(x * 7 + y) * 3..][..3];
        Tile::from_encoding([bytes[0], bytes[1], bytes[2]]).unwrap()
    }

    fn green(object: Object) -> Tile {
        Tile::new(object, Color::Green, 0)
    }

    #[test]
    fn instruction_and_targets_are_where_they_are_said_to_be() {
        for configuration in Configuration::ALL {
            let (left, right) = configuration.order.objects();
            let start = after(configuration, &[]);
            assert_eq!(tile(&start, INSTRUCTION), green(configuration.instruction));
            let end = after(configuration, &CORRIDOR);
            for (observation, cells) in [(&start, TARGETS), (&end, END_TARGETS)] {
                assert_eq!(tile(observation, cells[0]), green(left));
                assert_eq!(tile(observation, cells[1]), green(right));
            }
            for moment in Moment::references() {
                let seen = tile(&after(configuration, &moment.actions), moment.cell);
                let expected = match moment.sight {
                    Sight::Instruction => configuration.instruction,
                    Sight::LeftTarget => left,
                };
                assert_eq!(seen, green(expected), "{configuration}, {}", moment.name);
            }
        }
    }

    /// The first of the shortest walks after which a cell shows what it should in every
    /// configuration.
    fn shortest(cell: Cell, sight: Sight) -> Vec<Action> {
        let shows = |actions: &[Action]| {
            Configuration::ALL.into_iter().all(|configuration| {
                let expected = match sight {
                    Sight::Instruction => configuration.instruction,
                    Sight::LeftTarget => configuration.order.objects().0,
                };
                tile(&after(configuration, actions), cell) == green(expected)
            })
        };
        let mut walks: Vec<Vec<Action>> = vec![Vec::new()];
        loop {
            if let Some(found) = walks.iter().find(|walk| shows(walk)) {
                return found.clone();
            }
            let longer = walks.iter().flat_map(|walk| {
                let moves = [Action::Left, Action::Right, Action::Forward];
                moves.map(|action| [walk.as_slice(), &[action]].concat())
            });
            walks = longer.collect();
            assert!(walks[0].len() < 7, "{cell:?} is never seen");
        }
    }

    #[test]
    fn no_walk_to_a_reference_is_shorter() {
        for moment in Moment::references() {
            let found = shortest(moment.cell, moment.sight);
            assert_eq!(found.len(), moment.actions.len(), "{}", moment.name);
            assert_eq!(found, moment.actions, "{}", moment.name);
        }
    }

    #[test]
    fn optimal_walks_end_in_success_after_six_steps() {
        for configuration in Configuration::ALL {
            let spec = EnvSpec::builtin(WORLD).unwrap().with_max_steps(50);
            let mut env = Env::new(spec.into());
            env.reset_where(&configuration.facts())
                .expect("a memory world has every configuration");
            let steps: Vec<_> = (optimal(configuration).into_iter())
                .map(|action| env.step(action))
                .collect();
            assert_eq!(steps.len(), 6);
            assert!(steps[..5].iter().all(|step| !step.is_last()));
            assert!(steps[5].terminated && steps[5].reward == 0.892);
        }
    }

    #[test]
    fn edits_change_objects_and_nothing_else() {
        for configuration in Configuration::ALL {
            let original = after(configuration, &[]);
            for edit in Edit::all() {
                let edited = edit.of(configuration);
                let changed: Vec<usize> = (0..edited.len())
                    .filter(|&n| edited[n] != original[n])
                    .collect();
                let mut expected: Vec<usize> =
                    edit.cells.iter().map(|(x, y)| (x * 7 + y) * 3).collect();
                expected.sort_unstable();
                assert_eq!(changed, expected, "{}", edit.name);
                for &cell in &edit.cells {
                    let object = tile(&edited, cell).object();
                    assert_eq!(object, complement(configuration.instruction));
                }
            }
            // The cells of the complements are unseen and empty: red, in MiniGrid's numbers.
            let [near, far] = COMPLEMENTS.map(|cell| tile(&original, cell).object());
            assert_eq!((near, far), (Object::Unseen, Object::Empty));
        }
    }
}
