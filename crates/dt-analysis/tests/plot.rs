//! Figures of committed records: what is drawn is what the records say.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dt_analysis::Error;
use dt_analysis::draw::Figure;
use dt_analysis::figures::plot;
use dt_analysis::files::write_all;
use quick_xml::Reader;
use quick_xml::events::Event;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path)
}

fn seeds(count: usize) -> Vec<PathBuf> {
    (0..count)
        .map(|seed| data(&format!("run/seed-{seed}")))
        .collect()
}

fn figures(paths: &[PathBuf]) -> BTreeMap<String, Figure> {
    let figures = plot::figures(paths).unwrap();
    let count = figures.len();
    let named: BTreeMap<String, Figure> =
        figures.into_iter().map(|f| (f.name.clone(), f)).collect();
    assert_eq!(named.len(), count, "names differ");
    named
}

/// Rows of a figure's table that begin with this.
fn rows(figure: &Figure, start: &str) -> Vec<String> {
    let csv = figure.csv();
    let rows = csv.lines().filter_map(|line| line.strip_prefix(start));
    rows.map(str::to_owned).collect()
}

#[test]
fn a_card_alone_is_drawn() {
    let figures = figures(&[data("dataset")]);
    let names: Vec<&str> = figures.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "dataset-tiny-actions",
            "dataset-tiny-episodes",
            "dataset-tiny-exposure",
            "dataset-tiny-provenance"
        ]
    );
    let lengths = rows(
        &figures["dataset-tiny-episodes"],
        "a,Length,bar,all episodes,",
    );
    assert_eq!(lengths, ["6,7,,,", "8,2,,,", "37,1,,,"]);
    let returns = rows(
        &figures["dataset-tiny-episodes"],
        "b,Return,bar,all episodes,",
    );
    assert_eq!(returns, ["0.025,4,,,", "0.875,6,,,"]);
    let actions = &figures["dataset-tiny-actions"];
    let forward = rows(actions, "a,,bar,actions,forward,");
    assert_eq!(forward, [format!("{},,,", 50.0 / 95.0)]);
    assert!(
        actions.caption.contains("1.313 nats"),
        "{}",
        actions.caption
    );
    let shares = rows(
        &figures["dataset-tiny-provenance"],
        "b,Outcomes of its episodes,bar,success,\"boltzmann, T = 1\",",
    );
    assert!(
        shares.is_empty(),
        "names of places have no line ends and no commas"
    );
    let shares = rows(
        &figures["dataset-tiny-provenance"],
        "b,Outcomes of its episodes,bar,success,boltzmann T = 1,",
    );
    assert_eq!(shares, [format!("{},,,", 6.0 / 7.0)]);
}

#[test]
fn exposure_keeps_zero_and_missing_apart() {
    let figures = figures(&[data("dataset")]);
    let exposure = &figures["dataset-tiny-exposure"];
    assert_eq!(exposure.csv().lines().count(), 1 + 4 * 49);
    let cell = |start: &str| rows(exposure, start);
    assert_eq!(cell("a,Key in view,cell,\"frames, key\",2,6,"), ["40,,"]);
    assert_eq!(
        cell("b,Ball in view,cell,\"frames, ball\",2,6,"),
        ["1200,,"]
    );
    assert_eq!(cell("b,Ball in view,cell,\"frames, ball\",1,0,"), ["0,,"]);
    assert_eq!(cell("b,Ball in view,cell,\"frames, ball\",0,0,"), [",,"]);
    assert_eq!(
        cell("c,Key alone shows the cue,cell,\"windows, key\",2,6,"),
        ["31,,"]
    );
}

#[test]
fn one_run_has_lines_and_intervals() {
    let figures = figures(&seeds(1));
    let names: Vec<&str> = figures.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "tiny-dt-calibration",
            "tiny-dt-evaluation",
            "tiny-dt-training",
            "tiny-dt-training-outcomes"
        ]
    );
    let loss = rows(
        &figures["tiny-dt-training"],
        "a,Loss,line,\"loss, seed 0\",",
    );
    assert_eq!(loss, ["10,1.9,,,", "20,1.6,,,", "30,1.3,,,", "40,1,,,"]);
    let success = rows(
        &figures["tiny-dt-training-outcomes"],
        "a,Asked return 0.892,line,\"success, seed 0\",",
    );
    assert_eq!(success, ["20,0.5,,,", "40,1,,,"]);
    // statsmodels.stats.proportion.proportion_confint(97, 100, method="wilson")
    let sampled = rows(
        &figures["tiny-dt-evaluation"],
        "a,Asked return 0.892,bar,\"sampled, T = 1\",success,0.97,,",
    );
    assert!(sampled[0].starts_with("0.91548"), "{sampled:?}");
    assert!(sampled[0].contains(",0.98974"), "{sampled:?}");
    let greedy = rows(
        &figures["tiny-dt-evaluation"],
        "b,Asked return 0,bar,\"greedy, every start\",wrong target,",
    );
    assert_eq!(greedy, ["1,,,"]);
    let returns = rows(&figures["tiny-dt-calibration"], "a,Return,point,sampled,");
    assert_eq!(
        returns,
        ["0,0.08,,0,0.18", "0.5,0.41,,0.3,0.52", "1,0.79,,0.68,0.9"]
    );
    let areas = rows(
        &figures["tiny-dt-calibration"],
        "b,\"Outcomes, sampled\",band,wrong target,0,",
    );
    assert_eq!(areas, ["0.8,,0.1,0.9"]);
}

#[test]
fn seeds_of_one_agent_share_figures() {
    let figures = figures(&seeds(3));
    assert_eq!(figures.len(), 4);
    let training = &figures["tiny-dt-training"];
    assert_eq!(training.n["seeds"], 3);
    assert_eq!(training.sources.len(), 3);
    assert!(training.caption.contains("each of 3 seeds"));
    let norms = |who: &str| {
        rows(
            training,
            &format!("b,Gradient,line,\"gradient norm, {who}\","),
        )
    };
    assert_eq!(norms("seed 1")[0], "10,4.25,,,");
    assert_eq!(norms("median")[0], "10,4.25,,,");
    // Seed 2 stopped early: there is no median beyond.
    assert_eq!(norms("seed 0").len(), 4);
    assert_eq!(norms("median").len(), norms("seed 2").len());
    let evaluation = &figures["tiny-dt-evaluation"];
    let medians = rows(
        evaluation,
        "a,Asked return 0.892,bar,\"greedy, every start\",success,",
    );
    assert_eq!(medians, ["0.75,,,"]);
    let one = rows(
        evaluation,
        "a,Asked return 0.892,point,\"greedy, every start, seed 2\",success,",
    );
    assert_eq!(one, ["0.5,,,"]);
    // A path given twice is one run.
    let twice = plot::figures(&[seeds(1), seeds(1)].concat()).unwrap();
    assert_eq!(twice[0].n["seeds"], 1);
}

#[test]
fn a_generated_dataset_is_split_by_outcome_and_demonstrator() {
    let recipe = dt_data::Recipe::parse(
        "tiny.ron",
        r#"(
            name: "mixed",
            env: "MiniGrid-MemoryS7FixedStart-v0",
            max_steps: 50,
            parts: [
                (policy: Boltzmann(temperature: 1.0), amount: Episodes(20)),
                (policy: Uniform, amount: Episodes(10)),
            ],
        )"#,
    )
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let dataset = dir.path().join("mixed");
    let (made, card) = dt_data::Dataset::generate(&recipe).unwrap();
    let card = dt_data::store::write(&dataset, made, card, false).unwrap();
    let figures = figures(&[dataset]);
    let total = |figure: &Figure, series: &str| -> usize {
        let of_series = rows(figure, &format!("a,Length,bar,{series},"));
        let counts = of_series.iter().map(|row| row.split(',').nth(1).unwrap());
        counts.map(|count| count.parse::<usize>().unwrap()).sum()
    };
    let by_outcome = &figures["dataset-mixed-episodes-by-outcome"];
    for (outcome, &count) in &card.outcomes {
        assert_eq!(
            total(by_outcome, &outcome.replace('_', " ")),
            count,
            "{outcome}"
        );
    }
    let by_demonstrator = &figures["dataset-mixed-episodes-by-demonstrator"];
    assert_eq!(total(by_demonstrator, "\"boltzmann, T = 1\""), 20);
    assert_eq!(total(by_demonstrator, "uniform"), 10);
}

/// Reads a whole SVG; gives its texts.
fn texts_of_svg(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let (mut texts, mut within) = (Vec::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return texts,
            Event::Start(tag) => within = tag.name().as_ref() == b"text",
            Event::Text(text) if within => texts.push(text.decode().unwrap().into_owned()),
            Event::End(_) => within = false,
            _ => {}
        }
    }
}

#[test]
fn four_files_that_agree() {
    let dir = tempfile::tempdir().unwrap();
    let paths = [seeds(3), vec![data("dataset")]].concat();
    let drawn = plot::figures(&paths).unwrap();
    let written = write_all(&drawn, dir.path(), false).unwrap();
    assert_eq!(written.len(), drawn.len());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4 * drawn.len());
    for (figure, files) in drawn.iter().zip(&written) {
        let [svg, png, csv, json] = files.files.as_slice() else {
            panic!("four files")
        };
        let text = fs::read_to_string(svg).unwrap();
        let words = texts_of_svg(&text);
        assert!(words.len() > 5, "{}", figure.name);
        assert!(words.iter().all(|w| w.trim() == w), "{words:?}");
        assert!(!text.contains("NaN") && !text.contains("inf"));
        assert!(text.contains("sans-serif"));
        let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(png).unwrap()));
        let mut reader = decoder.read_info().unwrap();
        assert_eq!(f64::from(reader.info().width), 2.0 * figure.width);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert!(pixels.iter().any(|&v| v < 64), "something is drawn");
        assert_eq!(fs::read_to_string(csv).unwrap(), figure.csv());
        let record: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
        assert_eq!(record["name"], figure.name);
        assert_eq!(record["caption"], figure.caption);
        assert!(!record["sources"].as_array().unwrap().is_empty());
        for (ending, path) in [("svg", svg), ("png", png), ("csv", csv)] {
            let hash = blake3::hash(&fs::read(path).unwrap()).to_hex();
            assert_eq!(record["blake3"][ending], hash.as_str(), "{ending}");
        }
    }
    // Again, elsewhere: the same bytes.
    let other = tempfile::tempdir().unwrap();
    let again = write_all(&plot::figures(&paths).unwrap(), other.path(), false).unwrap();
    for (a, b) in written.iter().zip(&again) {
        for (a, b) in a.files.iter().zip(&b.files) {
            assert_eq!(
                fs::read(a).unwrap(),
                fs::read(b).unwrap(),
                "{}",
                a.display()
            );
        }
    }
}

#[test]
fn nothing_is_overwritten_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    let figures = plot::figures(&seeds(1)).unwrap();
    let precious = dir.path().join("tiny-dt-calibration.csv");
    fs::write(&precious, "precious").unwrap();
    let error = write_all(&figures, dir.path(), false).unwrap_err();
    assert!(
        matches!(&error, Error::Exists(path) if *path == precious),
        "{error}"
    );
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing was begun"
    );
    write_all(&figures, dir.path(), true).unwrap();
    assert!(fs::read_to_string(&precious).unwrap().starts_with("panel,"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4 * figures.len());
}

#[test]
fn bad_records_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = |paths: &[PathBuf]| plot::figures(paths).unwrap_err().to_string();
    let run = dir.path().to_owned();
    assert!(error(std::slice::from_ref(&run)).contains("neither a dataset"));
    fs::write(run.join("eval.json"), "{\"env\": 3}").unwrap();
    let message = error(std::slice::from_ref(&run));
    assert!(
        message.contains("eval.json") && message.contains("line 1"),
        "{message}"
    );
    fs::write(run.join("card.json"), "{}").unwrap();
    let message = error(std::slice::from_ref(&run));
    assert!(message.contains("card.json"), "{message}");
    let absent = run.join("absent");
    assert!(error(std::slice::from_ref(&absent)).contains("absent"));
}
