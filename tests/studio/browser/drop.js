// node drop.js CHROMIUM ADDRESS FILE...: drop files on the live page, wait until each has its place, inspect the page.
// Prints JSON: what the rows said on the way, what the page says at the end, what axe and the width say of it.
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");
const { SWITCHES, inspect } = require("./inspect.js");

const DEADLINE_MS = 120_000;

async function main(executablePath, address, files) {
  const browser = await puppeteer.launch({ executablePath, args: SWITCHES });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(address);
    const contents = files.map((file) => [path.basename(file), fs.readFileSync(file).toString("base64")]);
    await page.evaluate((dropped) => {
      window.rows = new Set();
      const watch = () => document.querySelectorAll("#uploads li, .losses li").forEach((row) => window.rows.add(row.innerText));
      new MutationObserver(watch).observe(document.body, { childList: true, subtree: true, characterData: true });
      const transfer = new DataTransfer();
      for (const [name, text] of dropped) {
        transfer.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
      }
      document.querySelector("#drop").dispatchEvent(
        new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }),
      );
    }, contents);
    await page.waitForFunction(
      (count) =>
        !document.querySelector("#uploads li:not(.failed), .state.waiting") &&
        document.querySelectorAll("article, .state:not(.waiting)").length >= count,
      { timeout: DEADLINE_MS, polling: 100 },
      files.length,
    );
    const result = await page.evaluate(async () => ({
      rows: [...window.rows],
      tally: document.querySelector(".tally").innerText,
      states: [...document.querySelectorAll(".losses li")].map((row) => row.innerText),
      posters: await Promise.all(
        [...document.querySelectorAll(".poster img")].map(async (image) => {
          image.loading = "eager";
          await image.decode();
          return [image.naturalWidth, image.naturalHeight, image.alt];
        }),
      ),
    }));
    result.errors = errors;
    result.copied = await copyPosterAddress(browser, page);
    result.views = await inspect(page);
    return result;
  } finally {
    await browser.close();
  }
}

/** Click the button that copies the address of a poster, and return the clipboard and what lies at that address. */
async function copyPosterAddress(browser, page) {
  const permissions = ["clipboard-read", "clipboard-sanitized-write"];
  await browser.defaultBrowserContext().overridePermissions(new URL(page.url()).origin, permissions);
  await page.bringToFront();
  const button = await page.$('[data-copy*="poster"]');
  if (!button) return null;
  await button.click();
  await page.waitForFunction((clicked) => clicked.textContent === "copied", { timeout: 10_000 }, button);
  return page.evaluate(async () => {
    const address = await navigator.clipboard.readText();
    return { address, type: (await fetch(address)).headers.get("Content-Type") };
  });
}

const [executablePath, address, ...files] = process.argv.slice(2);
main(executablePath, address, files).then((result) => console.log(JSON.stringify(result)));
