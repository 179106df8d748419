//! Source files as the rules of the house read them: which room a file belongs to, what its code
//! says without comments and tests, and which rooms it imports.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One source file of a crate.
pub struct Source {
    /// Crate, such as `dt-env`.
    pub krate: String,
    /// Path below `src`, such as `tasks/memory.rs`.
    pub path: String,
    /// What the compiler reads of it outside tests: no comments, but strings.
    pub code: String,
    /// The same without what stands in strings.
    pub words: String,
}

impl Source {
    pub fn new(krate: &str, path: &str, text: &str) -> Self {
        let (code, words) = without_comments(text);
        Self {
            krate: krate.to_owned(),
            path: path.to_owned(),
            code: before_tests(&code).to_owned(),
            words: before_tests(&words).to_owned(),
        }
    }

    /// The first folder of its path, or its own name without `.rs`.
    pub fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or(&self.path);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Its folder, with the crate in front: what the list of exceptions names, since files are
    /// renamed more often than folders.
    pub fn folder(&self) -> String {
        let folder = self
            .path
            .rsplit_once('/')
            .map_or(&self.path[..], |(folder, _)| folder);
        format!("{}/{folder}", self.krate)
    }

    /// Whether its path has this folder, or this file name, in it.
    pub fn is_in(&self, part: &str) -> bool {
        self.path.split('/').any(|name| name == part)
    }

    /// How messages call it.
    pub fn name(&self) -> String {
        format!("{}/{}", self.krate, self.path)
    }

    /// The identifiers of its code, in order, repeated as they are.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.words
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    }

    /// The names right behind the crate's root that its paths begin with: `a` and `b` of
    /// `use crate::{a::C, b};` or, two folders deep, of `super::super::a::f()`.
    pub fn roots(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (start, _) in self.words.match_indices("crate::") {
            if !self.words[..start].ends_with(is_word) {
                heads(&self.words[start + "crate::".len()..], &mut found);
            }
        }
        // `super` of `a/mod.rs` and of `a.rs` is the root, that of `a/b.rs` is `a`.
        let depth = self.path.split('/').count() - usize::from(self.path.ends_with("/mod.rs"));
        for (start, _) in self.words.match_indices("super::") {
            if self.words[..start].ends_with("super::") || self.words[..start].ends_with(is_word) {
                continue;
            }
            let mut rest = &self.words[start..];
            let mut ups = 0;
            while let Some(inner) = rest.strip_prefix("super::") {
                (rest, ups) = (inner, ups + 1);
            }
            if ups >= depth {
                heads(rest, &mut found);
            }
        }
        found
    }
}

/// All sources of the four crates, without files of tests.
pub fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    for krate in ["dt-env", "dt-data", "dt-train", "dt-analysis"] {
        let src = root.join("crates").join(krate).join("src");
        let mut folders = vec![src.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&src).unwrap().to_str().unwrap();
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    found.push(Source::new(krate, &name.replace('\\', "/"), &text));
                }
            }
        }
    }
    found.sort_by(|a, b| (&a.krate, &a.path).cmp(&(&b.krate, &b.path)));
    assert!(found.len() > 100, "the sources are not where they were");
    found
}

/// From which room each name comes that a crate's `lib.rs` exports again.
pub fn exports(lib: &Source) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (start, _) in lib.words.match_indices("pub use ") {
        let rest = &lib.words[start + "pub use ".len()..];
        let tree = &rest[..rest.find(';').unwrap_or(rest.len())];
        let tree = tree
            .trim_start_matches("crate::")
            .trim_start_matches("self::");
        let Some((room, names)) = tree.split_once("::") else {
            continue;
        };
        for name in names
            .split(|c: char| !is_word(c))
            .filter(|name| !name.is_empty())
        {
            found.insert(name.to_owned(), room.trim().to_owned());
        }
    }
    found
}

/// Whether a character may be part of a name.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first name of each path of a tree like `a::B` or `{a::B, c::{D, E}}`.
fn heads(tree: &str, found: &mut Vec<String>) {
    let name = |text: &str| text.chars().take_while(|&c| is_word(c)).collect::<String>();
    let Some(inner) = tree.strip_prefix('{') else {
        found.push(name(tree));
        return;
    };
    let mut depth = 0;
    let mut start = 0;
    for (place, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                found.push(name(inner[start..place].trim()));
                start = place + 1;
            }
            '}' if depth == 0 => {
                found.push(name(inner[start..place].trim()));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
}

/// The code in front of the tests, which stand last in a file.
fn before_tests(code: &str) -> &str {
    let tests = code.match_indices("#[cfg(test)]").find(|(place, mark)| {
        code[place + mark.len()..]
            .trim_start()
            .starts_with("mod tests {")
    });
    tests.map_or(code, |(place, _)| &code[..place])
}

/// A text without comments, once with and once without what stands in its strings.
fn without_comments(text: &str) -> (String, String) {
    let (mut code, mut words) = (String::new(), String::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = string_length(rest, code.chars().last()) {
            code.push_str(&rest[..length]);
            words.push_str("\"\"");
            length
        } else {
            code.push(c);
            words.push(c);
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    (code, words)
}

/// Length of the string or character that a text begins with, if it begins with one.
fn string_length(text: &str, before: Option<char>) -> Option<usize> {
    if let Some(raw) = text
        .strip_prefix('r')
        .filter(|_| !before.is_some_and(is_word))
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = 1 + hashes + 1;
            return text[start..]
                .find(&end)
                .map(|place| start + place + end.len());
        }
        return None;
    }
    if text.starts_with('"') {
        let mut escaped = false;
        for (place, c) in text.char_indices().skip(1) {
            match c {
                '"' if !escaped => return Some(place + 1),
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        return Some(text.len());
    }
    // 'a' and '\n', but not the lifetime 'a.
    let character = text.strip_prefix('\'')?;
    if character.starts_with('\\') {
        return character[2..].find('\'').map(|end| 1 + 2 + end + 1);
    }
    let first = character.chars().next()?.len_utf8();
    character[first..]
        .starts_with('\'')
        .then_some(1 + first + 1)
}

#[test]
fn code_is_read_as_the_compiler_reads_it() {
    let text = r#"
        //! crate::comment
        use crate::{a::B, c, d::{E, F}};
        /* crate::block */
        fn f<'x>(s: &'x str) -> char { super::super::g(r"crate::raw", '"', "crate::\"s", '\''); crate::h::i() }
        #[cfg(test)]
        mod tests { use crate::tested; }
    "#;
    let source = Source::new("k", "one/two.rs", text);
    assert_eq!(source.roots(), ["a", "c", "d", "h", "g"]);
    assert!(source.code.contains("crate::\\\"s") && !source.words.contains("raw"));
    assert!(!source.code.contains("comment") && !source.code.contains("block"));
    assert_eq!((source.room(), source.is_in("two.rs")), ("one", true));
    let lib = Source::new(
        "k",
        "lib.rs",
        "pub use one::two::{Three, Four};\npub use five::six;",
    );
    let exports = exports(&lib);
    assert_eq!((&exports["Four"][..], &exports["six"][..]), ("one", "five"));
}
