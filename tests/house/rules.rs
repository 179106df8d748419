//! The seven rules, each a function from sources to what breaks it there.
//!
//! A finding has a place, which is what `ALLOWED` in `house.rs` names, and what was found.

use super::source::{Source, exports, is_word};

/// The place at which a rule is broken, and what breaks it.
pub type Finding = (String, String);

/// The rooms of each crate from left to right: one imports only from levels to its left. Rooms of
/// one level do not know each other.
pub const ROOMS: [(&str, &[&[&str]]); 4] = [
    (
        "dt-env",
        &[
            &["shared"],
            &["cell", "facts", "outcome"],
            &["core"],
            &["tasks"],
            &["spec"],
            &["env"],
            &["batch", "golden", "render"],
            &["play", "bench"],
            &["cli"],
        ],
    ),
    (
        "dt-data",
        &[
            &["errors"],
            &["episode", "returns"],
            &["dataset"],
            &["window", "demonstrators", "replay"],
            &["card"],
            &["generate", "store"],
            &["export"],
            &["cli"],
        ],
    ),
    (
        "dt-train",
        &[
            &["burn"],
            &["device"],
            &["model"],
            &["optim", "batch", "rollout"],
            &["objective"],
            &["definition"],
            &["engine", "checkpoint"],
            &["formats"],
            &["evaluate"],
            &["run"],
            &["sweep", "bench"],
            &["cli"],
        ],
    ),
    (
        "dt-analysis",
        &[
            &["maths"],
            &["draw"],
            &["error"],
            &["files"],
            &["prompts"],
            &["subject"],
            &["sae"],
            &["questions"],
            &["figures"],
            &["pages"],
            &["papers"],
            &["explorer"],
            &["cli"],
        ],
    ),
];

/// 1. A room imports only rooms to its left.
pub fn leftwards(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (krate, levels) in ROOMS {
        let level = |room: &str| levels.iter().position(|level| level.contains(&room));
        let own = || sources.iter().filter(|source| source.krate == krate);
        let lib = own().find(|source| source.path == "lib.rs");
        let exports = lib.map(exports).unwrap_or_default();
        for source in own().filter(|source| !matches!(&source.path[..], "lib.rs" | "main.rs")) {
            let Some(here) = level(source.room()) else {
                let place = format!("{krate}: {}", source.room());
                found.push((
                    place,
                    format!("{} is in a room without a place", source.name()),
                ));
                continue;
            };
            for root in source.roots() {
                let room = exports.get(&root).map_or(&root[..], |room| room);
                if room == source.room() || level(room).is_some_and(|there| there < here) {
                    continue;
                }
                // A name of this crate that no room has: a macro, or something of the root itself.
                if level(room).is_none() && !own().any(|other| other.room() == room) {
                    continue;
                }
                let place = format!("{krate}: {} -> {room}", source.room());
                found.push((place, format!("{} imports {root}", source.name())));
            }
        }
    }
    found
}

/// 2. Only these touch the disk: the rest runs in a browser too.
pub fn disk(sources: &[Source]) -> Vec<Finding> {
    const ROOMS_WITH_A_DOOR: [&str; 10] = [
        "cli",
        "files",
        "files.rs",
        "signals.rs", // what the system says of them
        "store",
        "formats",
        "checkpoint",
        "run",
        "sweep",
        "config.rs",
    ];
    let mut found = Vec::new();
    for source in sources {
        let may = ROOMS_WITH_A_DOOR.iter().any(|part| source.is_in(part))
            || source.path == "explorer/server.rs";
        if !may && source.identifiers().any(|word| word == "fs") {
            found.push((source.folder(), format!("{} names fs", source.name())));
        }
    }
    found
}

/// 3. Maths and drawing know no agents.
pub fn numbers_only(sources: &[Source]) -> Vec<Finding> {
    named(
        sources,
        |source| ["maths", "draw"].contains(&source.room()),
        &["HookPoint", "Study", "Subject"],
    )
}

/// 4. A question returns a record and never a figure; a figure reads records and never an agent.
pub fn questions_and_figures(sources: &[Source]) -> Vec<Finding> {
    let mut found = named(sources, |source| source.room() == "questions", &["Figure"]);
    found.extend(named(
        sources,
        |source| source.krate == "dt-analysis" && source.is_in("figures"),
        &[
            "Subject",
            "Experiment",
            "Transformer",
            "load_agent",
            "Hooks",
        ],
    ));
    found
}

/// 5. Every file is named after its idea.
pub fn ideas(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        for name in ["utils", "util", "helpers", "helper", "common", "misc"] {
            if source.is_in(name) || source.is_in(&format!("{name}.rs")) {
                found.push((
                    source.folder(),
                    format!("{} is named {name}", source.name()),
                ));
            }
        }
    }
    found
}

/// 6. The instrument does not know the papers that are made with it.
pub fn papers(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    let lib = sources
        .iter()
        .find(|source| source.krate == "dt-analysis" && source.path == "lib.rs");
    let exports = lib.map(exports).unwrap_or_default();
    for source in sources
        .iter()
        .filter(|source| source.krate == "dt-analysis")
    {
        if ["papers", "cli", "lib", "main"].contains(&source.room()) {
            continue;
        }
        let is_paper =
            |root: &String| root == "papers" || exports.get(root).is_some_and(|r| r == "papers");
        if source.roots().iter().any(is_paper) || source.words.contains("dt_analysis::papers") {
            found.push((source.folder(), format!("{} imports papers", source.name())));
        }
    }
    found
}

/// 7. What a task is about is known to the task and to the papers alone.
///
/// Where MiniGrid's objects themselves are at home, their codes, their rules and their pictures,
/// they have their names.
pub fn tasks(sources: &[Source]) -> Vec<Finding> {
    let has_objects = |source: &Source| match &source.krate[..] {
        "dt-env" => ["core", "render", "play", "tasks", "golden"].contains(&source.room()),
        _ => ["draw", "papers"].contains(&source.room()),
    };
    // `key` and `Key` alone are what maps, sorts and caches have.
    let of_a_task = |word: &str| {
        word.split('_')
            .any(|part| ["ball", "balls", "corridor", "corridors"].contains(&part))
            || camel_parts(word).any(|part| ["Ball", "Corridor"].contains(&part))
            || word == "DoorKey"
    };
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !has_objects(source)) {
        let mut words = source.code.split(|c: char| !is_word(c));
        let word = words.find(|word| of_a_task(word));
        let object = Some("Object::Key").filter(|object| source.words.contains(object));
        if let Some(word) = word.or(object) {
            found.push((source.folder(), format!("{} names `{word}`", source.name())));
        }
    }
    found
}

/// The capitalised parts of a name like `DoorKey`.
fn camel_parts(word: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = word
        .char_indices()
        .filter(|(_, c)| c.is_uppercase())
        .map(|(place, _)| place)
        .collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([word.len()]).collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|(start, end)| &word[start..end])
}

/// Where files of some rooms name one of `names`.
fn named(sources: &[Source], is_meant: impl Fn(&Source) -> bool, names: &[&str]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| is_meant(source)) {
        if let Some(name) = source.identifiers().find(|word| names.contains(word)) {
            found.push((source.folder(), format!("{} names {name}", source.name())));
        }
    }
    found
}

/// 8. Every file is compiled: the file above it names it as a module.
pub fn compiled(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        let path = source.path.strip_suffix("/mod.rs");
        let path = path.unwrap_or(source.path.trim_end_matches(".rs"));
        if matches!(path, "lib" | "main") {
            continue;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let above = match folder {
            "" => ["lib.rs".to_owned(), "main.rs".to_owned()],
            folder => [format!("{folder}/mod.rs"), format!("{folder}.rs")],
        };
        let names = |other: &&Source| {
            let declares = || other.words.contains(&format!("mod {name};"));
            // `#[path]`, for what stands in for another file.
            let is_path = || {
                let before = ['"', '/'];
                (before.iter()).any(|c| other.code.contains(&format!("{c}{name}.rs\"")))
            };
            other.krate == source.krate && (above.contains(&other.path) && declares() || is_path())
        };
        if !sources.iter().any(|other| names(&other)) {
            let what = format!("{} is a module of nothing: remove it", source.name());
            found.push((source.folder(), what));
        }
    }
    found
}
