//! Edits of one frame, written so that they mean the same in every prompt.

use std::fmt;
use std::str::FromStr;

use dt_env::{Cell, Color, Object, Tile};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::to_f32;
use crate::prompts::{Change, EditConfig, Item, PromptSet, Put};
use crate::questions::edits::frame_change;

/// How an object is put into a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The cell's object is replaced; its colour and state stay, as in the post's figures.
    Replacing,
    /// The object's item is added to what the cell shows: no frame that an encoder would make.
    Adding,
    /// The whole tile is replaced by the world's own object: a frame in valid encoding.
    Valid,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Replacing, Self::Adding, Self::Valid];

    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replacing => "replacing",
            Self::Adding => "adding",
            Self::Valid => "valid",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|m| m.name() == text);
        found.ok_or_else(|| format!("no mode `{text}`; there are replacing, adding and valid"))
    }
}

/// What a prompt's main factor is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Objects that tell its two values.
    pub objects: (Object, Object),
    /// Whether it has its first value.
    pub first: bool,
    /// Colour in which the world shows them.
    pub color: Color,
}

impl Told {
    /// The object that tells the factor's value, or the `other` one.
    pub fn object(self, other: bool) -> Object {
        if self.first == other {
            self.objects.1
        } else {
            self.objects.0
        }
    }

    /// What tells each facet's main factor.
    ///
    /// # Errors
    /// If the study has no single main factor, or no objects tell it.
    pub fn of_facets(set: &PromptSet) -> Result<Vec<Self>, Error> {
        let main = set.study.main_factor()?;
        let objects = main.objects.ok_or_else(|| {
            Error::Question(format!(
                "study {}: factor `{}` names no objects, so nothing can be put into cells to tell \
                 it; give it `objects`",
                set.study.name, main.axis
            ))
        })?;
        let color = color_of(set, objects);
        (0..set.scenarios.len())
            .map(|n| {
                Ok(Self {
                    objects,
                    first: set.main_value(n)?,
                    color,
                })
            })
            .collect()
    }
}

/// Colour in which the prompts first show one of the objects, nothing left out; green where they
/// show none.
fn color_of(set: &PromptSet, objects: (Object, Object)) -> Color {
    let frames = set.scenarios.iter().flat_map(|s| &s.observations);
    let mut tiles = frames.flat_map(|frame| frame.as_chunks::<3>().0);
    let things = [objects.0, objects.1];
    let things = things.map(|o| (o != Object::Empty).then_some(o as u8));
    let shown = tiles.find(|t| things.contains(&Some(t[0])));
    let color = shown.and_then(|t| Color::from_index(t[1]));
    color.unwrap_or(Color::Green)
}

/// One of the main factor's objects put into a cell, named by the prompt's value.
///
/// Written `other, (0,5)`: the object that tells the factor's other value, at column 0, row 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Placement {
    /// Whether it is the object that tells the factor's other value.
    pub other: bool,
    /// Column and row of the view.
    pub cell: Cell,
}

impl Placement {
    /// All placements of a view, 2 for each cell.
    pub fn all(view: usize) -> Vec<Self> {
        let cells = (0..view * view).map(|n| Cell::from_index(n, view));
        cells
            .flat_map(|cell| [true, false].map(|other| Self { other, cell }))
            .collect()
    }

    /// Whether a frame shows that object there already.
    pub fn is_shown(self, frame: &[u8], view: usize, told: Told) -> bool {
        frame[self.byte(view)] == told.object(self.other) as u8
    }

    /// Place of the cell's object in a frame.
    pub fn byte(self, view: usize) -> usize {
        self.cell.index(view) * 3
    }

    /// The frame with the object in its place, as far as a frame can hold the edit: what is added
    /// replaces here.
    pub fn apply(self, frame: &mut [u8], view: usize, mode: Mode, told: Told) {
        let at = self.byte(view);
        let object = told.object(self.other);
        if object == Object::Empty {
            // Nothing has no colour that could stay, as in `Put::Remove`.
            frame[at..at + 3].copy_from_slice(&Tile::EMPTY.encode());
            return;
        }
        frame[at] = object as u8;
        if mode == Mode::Valid {
            frame[at + 1] = told.color as u8;
            frame[at + 2] = 0;
        }
    }

    /// What the edit adds to the embedding of a frame, `[d_model]`.
    pub fn change(
        self,
        embeddings: &[Vec<f64>],
        (frame, view): (&[u8], usize),
        mode: Mode,
        told: Told,
    ) -> Vec<f32> {
        if mode == Mode::Adding {
            let item = Item::new(told.object(self.other), self.cell).index(view);
            return to_f32(&embeddings[item]);
        }
        let mut after = frame.to_vec();
        self.apply(&mut after, view, mode, told);
        to_f32(&frame_change(embeddings, view, [frame, &after]))
    }
}

/// The edit of a study that makes these placements in a frame, replacing objects; `axis` is the
/// main factor's.
pub fn edit_config(placements: &[Placement], axis: &str, moment: &str) -> EditConfig {
    EditConfig {
        name: name(placements),
        flip: Vec::new(),
        changes: placements
            .iter()
            .map(|p| Change {
                at: moment.to_owned(),
                cell: p.cell,
                put: match p.other {
                    true => Put::Other(axis.to_owned()),
                    false => Put::Same(axis.to_owned()),
                },
                color: None,
                state: None,
            })
            .collect(),
    }
}

/// Name of several placements: `other, (0,5) + other, (4,2)`.
pub fn name(placements: &[Placement]) -> String {
    let parts: Vec<String> = placements.iter().map(Placement::to_string).collect();
    parts.join(" + ")
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.other { "other" } else { "same" };
        write!(f, "{kind}, {}", self.cell)
    }
}

impl From<Placement> for String {
    fn from(placement: Placement) -> Self {
        placement.to_string()
    }
}

impl TryFrom<String> for Placement {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no placement; write it as `other, (0,5)`");
        let (kind, cell) = text.split_once(',').ok_or_else(wrong)?;
        let other = match kind.trim() {
            "other" => true,
            "same" => false,
            _ => return Err(wrong()),
        };
        let cell = cell.parse().map_err(|_| wrong())?;
        Ok(Self { other, cell })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placements_have_names() {
        for placement in Placement::all(7) {
            assert_eq!(placement.to_string().parse(), Ok(placement));
        }
        assert_eq!(Placement::all(7).len(), 98);
        assert!("cow, (0,5)".parse::<Placement>().is_err());
    }

    #[test]
    fn changes_are_what_the_frame_shows() {
        let embeddings: Vec<Vec<f64>> = (0..980).map(|i| vec![f64::from(i)]).collect();
        let mut frame = vec![0_u8; 147];
        frame[5 * 3..6 * 3].copy_from_slice(&[1, 0, 0]); // an empty cell at (0,5)
        let placement = Placement {
            other: true,
            cell: Cell::new(0, 5),
        };
        let told = |first| Told {
            objects: (Object::Key, Object::Ball),
            first,
            color: Color::Green,
        };
        let item = |channel: usize| (channel * 49 + 5) as f32;
        let change = |mode| placement.change(&embeddings, (&frame, 7), mode, told(true))[0];
        assert_eq!(change(Mode::Adding), item(6));
        assert_eq!(change(Mode::Replacing), item(6) - item(1));
        let colours = item(11 + 1) - item(11);
        assert_eq!(change(Mode::Valid), item(6) - item(1) + colours);
        placement.apply(&mut frame, 7, Mode::Replacing, told(false));
        assert!(placement.is_shown(&frame, 7, told(false)));
        assert!(!placement.is_shown(&frame, 7, told(true)));
    }
}
