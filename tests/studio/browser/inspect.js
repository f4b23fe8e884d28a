// What axe and the width say of a page, at phone and desk widths, light and dark.
const fs = require("fs");

const VIEWS = [[320, "light"], [390, "dark"], [768, "light"], [1280, "dark"], [1280, "light"]];
const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

async function inspect(page) {
  const views = [];
  await page.evaluate(fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  for (const [width, scheme] of VIEWS) {
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const view = await page.evaluate(async () => ({
      scrollWidth: document.documentElement.scrollWidth,
      violations: (await axe.run()).violations.map((violation) => `${violation.id}: ${violation.nodes[0].html}`),
    }));
    views.push({ width, scheme, ...view });
  }
  return views;
}

module.exports = { SWITCHES, inspect };

// node inspect.js CHROMIUM ADDRESS prints them as JSON.
async function main(executablePath, address) {
  const browser = await require("puppeteer-core").launch({ executablePath, args: SWITCHES });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    return { views: await inspect(page) };
  } finally {
    await browser.close();
  }
}

if (require.main === module) main(...process.argv.slice(2)).then((result) => console.log(JSON.stringify(result)));
