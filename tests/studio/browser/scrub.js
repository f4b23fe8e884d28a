// node scrub.js CHROMIUM ADDRESS SHARE...: move along the storyboard; print a screenshot before, and one at each share.
const { SWITCHES } = require("./inspect.js");

async function main(executablePath, address, ...shares) {
  const browser = await require("puppeteer-core").launch({ executablePath, args: SWITCHES });
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(address);
    await page.evaluate(() => document.querySelectorAll("img").forEach((image) => { image.loading = "eager"; }));
    const storyboard = await page.$(".scrub");
    await storyboard.scrollIntoView();
    const screenshots = [await storyboard.screenshot({ encoding: "base64" })];
    for (const share of shares) {
      const box = await storyboard.boundingBox();
      await page.mouse.move(box.x + box.width * Number(share), box.y + box.height / 2);
      screenshots.push(await storyboard.screenshot({ encoding: "base64" }));
    }
    return { screenshots };
  } finally {
    await browser.close();
  }
}

main(...process.argv.slice(2)).then((result) => console.log(JSON.stringify(result)));
