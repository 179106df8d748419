//! The report: every figure, every claim with its verdict, one page.

use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use dt_analysis::draw::Figure;
use dt_analysis::figures::{
    About, attribution_figures, geometry_figures, intervention_figures, patching_figures,
    path_figures, walsh_figures,
};
use dt_analysis::files::{Written, write_all, write_named};
use dt_analysis::pages::{Picture, Section, Shown};
use dt_analysis::papers::memory_dt::claims::Claims;
use dt_analysis::papers::memory_dt::dossier::reproduce::{AgentResults, Group, ResultsFile};
use dt_analysis::papers::memory_dt::dossier::table::{Row, write_table};
use dt_analysis::papers::memory_dt::errata::{ErrataRecord, errata};
use dt_analysis::papers::memory_dt::figures as post;
use dt_analysis::papers::memory_dt::published::PostNumbers;
use dt_analysis::papers::memory_dt::report::{Report, render};
use dt_analysis::prompts::Study;
use dt_train::checkpoint::write_atomic;

use super::question::{Answers, Question, published, write_json_file};
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
        if let Some(why) = Claims::refuses(&Study::find(&question.study)?) {
            bail!(why);
        }
        let (claims, hash) = Claims::find(&self.claims)?;
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

/// Draws and writes everything; `parts` come first, and `more_rows` into the long table.
pub fn write(
    question: &Question,
    answers: &Answers<AgentResults>,
    rules: &Rules,
    command: &str,
    parts: Vec<Part>,
    more_rows: Vec<Row>,
    out: &mut impl Write,
) -> Result<()> {
    let page = question.check_free("report.html")?;
    let numbers = question.check_free("results.json")?;
    let post = PostNumbers::read();
    let study = &answers.set.study;
    let published = published(study);
    let about = About {
        study,
        published: published.as_ref(),
    };
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

    let dir = question.out.join("figures");
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let draw = |heading: &str, text: &str, figures: Vec<Figure>| -> Result<Section> {
        let written = write_all(&figures, &dir, question.force)?;
        let shown = figures.iter().zip(&written).map(|(f, w)| shown(f, w));
        Ok(Section {
            heading: heading.to_owned(),
            text: text.to_owned(),
            figures: shown.collect::<Result<_>>()?,
        })
    };
    let of = |f: &dyn Fn(&Group) -> Vec<Figure>| groups.iter().flat_map(f).collect();
    let mut world = draw(
        "The world and the question",
        "What the agent sees, what it must do, and what is done to what it sees.",
        post::figures(),
    )?;
    for film in post::animations() {
        write_named(&film.files()?, &dir, question.force)?;
        world.figures.push(Shown {
            picture: Picture::Gif(film.gif()?),
            name: film.name,
            title: film.title,
            caption: film.caption,
        });
    }
    let mut sections = vec![draw(
        "At a glance",
        "",
        vec![post::claims_figure(&groups, &rules.claims)],
    )?];
    for part in parts {
        sections.push(draw(&part.heading, &part.text, part.figures)?);
    }
    sections.push(world);
    sections.push(draw(
        "Decoys and direct interventions",
        "What edits of the first frame do to the turn, and what setting the instruction's \
             coefficient inside does.",
        of(&|g| intervention_figures(&g.part(|r| &r.effects), about)),
    )?);
    if let Some(record) = &corrected {
        let figures = vec![post::errata_figure(record, &post)];
        sections.push(draw("Figure 20, corrected", "", figures)?);
    }
    sections.push(draw(
        "Geometry of what is seen",
        "The observation enters as a sum of one vector for each object, colour and state of each \
         cell. Items that an agent treats alike lie along one direction.",
        of(&|g| geometry_figures(&g.part(|r| &r.geometry), about)),
    )?);
    sections.push(draw(
        "From the first frame to the turn",
        "Where the instruction is carried inside, and by what.",
        of(&|g| {
            let mut figures = patching_figures(&g.part(|r| &r.patching), about);
            figures.extend(path_figures(&g.part(|r| &r.paths), about));
            figures
        }),
    )?);
    let figures = of(&|g| {
        let mut figures = attribution_figures(&g.part(|r| &r.attribution), about);
        figures.extend(walsh_figures(&g.part(|r| &r.evidence.walsh), about));
        figures
    });
    sections.push(draw("What adds up to the answer", "", figures)?);

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
    rows.extend(more_rows);
    write_table(&rows, &question.out, "results")?;
    write_json_file(&question.out.join("claims.json"), &summaries)?;
    write_atomic(
        &question.out.join("claims.csv"),
        verdicts::csv(&judged).as_bytes(),
    )?;
    let keyed: BTreeMap<&str, ResultsFile> = (answers.keyed().into_iter())
        .map(|(name, results)| (name, results.published()))
        .collect();
    write_json_file(&numbers, &keyed)?;
    write_atomic(&page, html.as_bytes())?;
    if question.json {
        super::write_json(out, &keyed)?;
    } else {
        verdicts::print(out, &rules.claims, &judged, &summaries)?;
        writeln!(out, "\n{}\n{}", numbers.display(), page.display())?;
    }
    Ok(())
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

fn shown(figure: &Figure, written: &Written) -> Result<Shown> {
    let path = &written.files[0];
    let svg = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(Shown {
        name: figure.name.clone(),
        title: figure.title.clone(),
        caption: figure.caption.clone(),
        picture: Picture::Svg(svg),
    })
}
