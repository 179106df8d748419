//! Vocabulary items by name.

use std::fmt;
use std::str::FromStr;

use dt_env::{Cell, Object};
use dt_train::model::item_index;
use serde::{Deserialize, Serialize};

/// An object at a cell of the view: one entry of the observation vocabulary.
///
/// Written `key, (2,6)`: column from left to right, row from far to near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Item {
    /// The object.
    pub object: Object,
    /// Column and row.
    pub cell: Cell,
}

impl Item {
    /// An item.
    pub const fn new(object: Object, cell: Cell) -> Self {
        Self { object, cell }
    }

    /// Its number in the vocabulary of a view.
    pub fn index(self, view: usize) -> usize {
        item_index(view, self.object as usize, self.cell.x, self.cell.y)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.object, self.cell)
    }
}

impl From<Item> for String {
    fn from(item: Item) -> Self {
        item.to_string()
    }
}

impl TryFrom<String> for Item {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Item {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no item; write it as `key, (2,6)`");
        let (object, cell) = text.split_once(',').ok_or_else(wrong)?;
        let object = Object::ALL
            .into_iter()
            .find(|o| o.name() == object.trim())
            .ok_or_else(wrong)?;
        Ok(Self::new(object, cell.parse().map_err(|_| wrong())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_have_the_originals_numbers() {
        let key: Item = "key, (2,6)".parse().unwrap();
        assert_eq!(key.to_string(), "key, (2,6)");
        assert_eq!(key.index(7), 265);
        assert_eq!("ball,(0, 5)".parse::<Item>().unwrap().index(7), 299);
        assert!(
            "kee, (2,6)"
                .parse::<Item>()
                .unwrap_err()
                .contains("key, (2,6)")
        );
    }
}
