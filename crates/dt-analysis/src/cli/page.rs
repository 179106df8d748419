//! The report: every figure, every claim with its verdict, one page.

use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use dt_analysis::draw::Figure;
use dt_analysis::figures::{
    About, attribution_figures, geometry_figures, intervention_figures, patching_figures,
    path_figures, walsh_figures,
};
use dt_analysis::files::{Drawn, Output, drawn, json_bytes};
use dt_analysis::pages::{Picture, Section, Shown};
use dt_analysis::papers::memory_dt::claims::Claims;
use dt_analysis::papers::memory_dt::dossier::reproduce::{AgentResults, Group, ResultsFile};
use dt_analysis::papers::memory_dt::dossier::table::{Row, table_files};
use dt_analysis::papers::memory_dt::errata::{ErrataRecord, errata};
use dt_analysis::papers::memory_dt::evidence::check_study;
use dt_analysis::papers::memory_dt::figures as post;
use dt_analysis::papers::memory_dt::first_form::find_study;
use dt_analysis::papers::memory_dt::published::PostNumbers;
use dt_analysis::papers::memory_dt::report::{Report, render};
use dt_analysis::prompts::{PromptSet, Study};

use super::question::{Answers, Question, published};
use super::verdicts::{self, Judged};

/// Rules by which claims are judged.
#[derive(clap::Args)]
pub struct RulesArgs {
    /// Rules by which claims are judged
    #[arg(long, value_name = "FILE", default_value = "studies/claims.ron")]
    pub claims: PathBuf,
}

/// The rules, read.
pub struct Rules {
    /// The claims.
    pub claims: Claims,
    /// Hash of their file.
    pub hash: String,
}

impl RulesArgs {
    /// Reads the rules, for a question whose study they are about.
    pub fn read_for(&self, question: &Question) -> Result<Rules> {
        let study = find_study(&question.study)?;
        if let Some(why) = Claims::refuses(&study) {
            bail!(why);
        }
        let (claims, hash) = Claims::find(&self.claims)?;
        check_study(&PromptSet::new(&study)?)?;
        Ok(Rules { claims, hash })
    }
}

/// A part of the page that not every report has: heading, sentences, figures.
pub struct Part {
    /// Heading.
    pub heading: String,
    /// Sentences under it.
    pub text: String,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// What not every report has.
#[derive(Default)]
pub struct More {
    /// Parts that come first.
    pub parts: Vec<Part>,
    /// Further rows of the long table.
    pub rows: Vec<Row>,
    /// Further files: names and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Where a report goes; refuses to replace one, or any part of one that was finished.
pub fn output(question: &Question) -> Result<Output> {
    const FILES: [&str; 6] = [
        "report.html",
        "results.json",
        "results.csv",
        "results.arrow",
        "claims.json",
        "claims.csv",
    ];
    let output = question.output("report", &FILES)?;
    output.check_none_begins(FIGURES, &["fig-"], &[])?;
    Ok(output)
}

/// Folder of a report's figures.
const FIGURES: &str = "figures";

/// Draws and writes everything, the page last.
pub fn write(
    (question, output): (&Question, &Output),
    answers: &Answers<AgentResults>,
    rules: &Rules,
    command: &str,
    more: More,
    out: &mut impl Write,
) -> Result<()> {
    let post = PostNumbers::read();
    let study = &answers.set.study;
    let groups: Vec<Group> = answers.by_kind();
    let judged: Vec<Judged> = (answers.subjects.iter().zip(&answers.records))
        .map(|(subject, results)| Judged {
            name: &subject.name,
            kind: subject.kind(),
            findings: &results.findings,
        })
        .collect();
    let summaries = verdicts::summaries(&rules.claims, &judged)?;
    let corrected = corrected(answers)?;
    let figure20 = (corrected.as_ref()).map(|record| post::errata_figure(record, &post));
    let parts = parts(study, &groups, rules, figure20, more.parts);

    let figures: Vec<Figure> = parts.iter().flat_map(|p| p.figures.clone()).collect();
    let drawn = drawn(&figures)?;
    let mut sections = sections(parts, &drawn)?;
    let mut files = more.files;
    for film in post::animations() {
        let [gif, words] = film.files()?;
        let world = sections.iter_mut().find(|s| s.heading == WORLD);
        world.expect("every report has it").figures.push(Shown {
            picture: Picture::Gif(gif.1.clone()),
            name: film.name,
            title: film.title,
            caption: film.caption,
        });
        let within = |(name, bytes): (String, Vec<u8>)| (format!("{FIGURES}/{name}"), bytes);
        files.extend([gif, words].map(within));
    }
    let html = render(&Report {
        command,
        study: &study.name,
        claims: &rules.claims,
        claims_hash: &rules.hash,
        groups: &groups,
        summaries: &summaries,
        post: &post,
        errata: corrected.as_ref(),
        sections: &sections,
    });
    let mut rows: Vec<Row> = answers
        .records
        .iter()
        .flat_map(AgentResults::rows)
        .collect();
    rows.extend(more.rows);
    files.extend(table_files(&rows, "results")?);
    let keyed: BTreeMap<&str, ResultsFile> = (answers.keyed().into_iter())
        .map(|(name, results)| (name, results.published()))
        .collect();
    files.extend([
        ("claims.json".to_owned(), json_bytes(&summaries)?),
        ("claims.csv".to_owned(), verdicts::csv(&judged).into_bytes()),
        ("results.json".to_owned(), json_bytes(&keyed)?),
        ("report.html".to_owned(), html.into_bytes()),
    ]);
    output.write_drawn((FIGURES, drawn), &files)?;
    if question.json {
        super::write_json(out, &keyed)?;
    } else {
        verdicts::print(out, &rules.claims, &judged, &summaries)?;
        let [numbers, page] = ["results.json", "report.html"].map(|name| question.out.join(name));
        writeln!(out, "\n{}\n{}", numbers.display(), page.display())?;
    }
    Ok(())
}

/// Heading of the part with films.
const WORLD: &str = "The world and the question";

/// The parts of a report with their figures, in order.
fn parts(
    study: &Study,
    groups: &[Group],
    rules: &Rules,
    figure20: Option<Figure>,
    more: Vec<Part>,
) -> Vec<Part> {
    let published = published(study);
    let about = About {
        study,
        published: published.as_ref(),
    };
    let part = |heading: &str, text: &str, figures: Vec<Figure>| Part {
        heading: heading.to_owned(),
        text: text.to_owned(),
        figures,
    };
    let of = |f: &dyn Fn(&Group) -> Vec<Figure>| groups.iter().flat_map(f).collect();
    let mut parts = vec![part(
        "At a glance",
        "",
        vec![post::claims_figure(groups, &rules.claims)],
    )];
    parts.extend(more);
    parts.push(part(
        WORLD,
        "What the agent sees, what it must do, and what is done to what it sees.",
        post::figures(),
    ));
    parts.push(part(
        "Decoys and direct interventions",
        "What edits of the first frame do to the turn, and what setting the instruction's \
             coefficient inside does.",
        of(&|g| intervention_figures(&g.part(|r| &r.effects), about)),
    ));
    parts.extend(figure20.map(|figure| part("Figure 20, corrected", "", vec![figure])));
    parts.push(part(
        "Geometry of what is seen",
        "The observation enters as a sum of one vector for each object, colour and state of each \
         cell. Items that an agent treats alike lie along one direction.",
        of(&|g| geometry_figures(&g.part(|r| &r.geometry), about)),
    ));
    parts.push(part(
        "From the first frame to the turn",
        "Where the instruction is carried inside, and by what.",
        of(&|g| {
            let mut figures = patching_figures(&g.part(|r| &r.patching), about);
            figures.extend(path_figures(&g.part(|r| &r.paths), about));
            figures
        }),
    ));
    let figures = of(&|g| {
        let mut figures = attribution_figures(&g.part(|r| &r.attribution), about);
        figures.extend(walsh_figures(&g.part(|r| &r.evidence.walsh), about));
        figures
    });
    parts.push(part("What adds up to the answer", "", figures));
    parts
}

/// The parts as the page shows them; `drawn` are their figures, one after the other.
fn sections(parts: Vec<Part>, drawn: &[Drawn]) -> Result<Vec<Section>> {
    let mut drawn = drawn.iter();
    let sections = parts.into_iter().map(|part| {
        let own = drawn.by_ref().take(part.figures.len());
        Ok(Section {
            figures: own.map(shown).collect::<Result<_>>()?,
            heading: part.heading,
            text: part.text,
        })
    });
    sections.collect()
}

/// The corrected Figure 20, if one of the agents is of the kind that it is about.
fn corrected(answers: &Answers<AgentResults>) -> Result<Option<ErrataRecord>> {
    let imported = answers
        .subjects
        .iter()
        .find(|s| s.agent.record.seed.is_none());
    let Some(subject) = imported else {
        return Ok(None);
    };
    // An imported agent of another kind has no errata.
    Ok(errata(&Experiment::new(subject, &answers.set)).ok())
}

fn shown(drawn: &Drawn) -> Result<Shown> {
    let figure = &drawn.figure;
    Ok(Shown {
        name: figure.name.clone(),
        title: figure.title.clone(),
        caption: figure.caption.clone(),
        picture: Picture::Svg(String::from_utf8(drawn.files[0].1.clone())?),
    })
}
