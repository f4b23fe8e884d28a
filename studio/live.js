// Keeps the page fresh, uploads dropped files to the local COS, and copies addresses.
const REFRESH_MS = 1000;
const ADDRESS_LIFETIME_S = 3600;

const shown = new Map(); // part of the page -> its HTML as it came
for (const part of document.querySelectorAll("[data-fresh]")) shown.set(part, part.innerHTML);

async function refresh() {
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-fresh]")) {
      const now = page.querySelector(`[data-fresh="${part.dataset.fresh}"]`).innerHTML;
      if (shown.get(part) !== now) part.innerHTML = now;
      shown.set(part, now);
    }
    for (const row of document.querySelectorAll("#uploads [data-done]")) row.remove();
    document.body.classList.remove("away");
  } catch {
    document.body.classList.add("away");
  }
}

(async () => {
  for (;;) {
    await new Promise((wake) => setTimeout(wake, REFRESH_MS));
    await refresh();
  }
})();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "copied";
  } catch {
    button.textContent = "not allowed by the browser";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
});

const upload = document.querySelector(".upload");
if (upload) {
  const { bucket, prefix } = upload.dataset;
  const sliceBytes = Number(upload.dataset.sliceBytes);
  const drop = document.querySelector("#drop");
  const rows = document.querySelector("#uploads");
  const status = document.querySelector("#upload-status");

  /** One request to the bucket: the server signs an address for it, the browser sends it there. */
  async function send(method, key, { params = {}, body = null, onProgress = () => {} } = {}) {
    const signed = await fetch("/_studio/sign", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ method, bucket, key, params, lifetime_s: ADDRESS_LIFETIME_S }),
    });
    if (!signed.ok) throw new Error(`no signature: ${(await signed.json()).error}`);
    const { address } = await signed.json();
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
      request.open(method, address);
      request.upload.onprogress = (event) => onProgress(event.loaded);
      request.onload = () => (request.status < 300 ? resolve(request) : reject(new Error(reasonOf(request))));
      request.onerror = () => reject(new Error("the cloud does not answer; is it still running?"));
      request.send(body);
    });
  }

  function reasonOf(request) {
    const document_ = new DOMParser().parseFromString(request.responseText, "application/xml");
    const code = document_.querySelector("Code")?.textContent ?? request.status;
    return `${code}: ${document_.querySelector("Message")?.textContent ?? "the upload was refused"}`;
  }

  async function put(file, key, onProgress) {
    if (file.size <= sliceBytes) {
      await send("PUT", key, { body: file, onProgress });
      return;
    }
    const started = await send("POST", key, { params: { uploads: "" } });
    const xml = new DOMParser().parseFromString(started.responseText, "application/xml");
    const uploadId = xml.querySelector("UploadId").textContent;
    try {
      const parts = [];
      for (let start = 0, number = 1; start < file.size; start += sliceBytes, number += 1) {
        const slice = await send("PUT", key, {
          params: { partNumber: String(number), uploadId },
          body: file.slice(start, start + sliceBytes),
          onProgress: (loaded) => onProgress(start + loaded),
        });
        parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${slice.getResponseHeader("ETag")}</ETag></Part>`);
      }
      await send("POST", key, {
        params: { uploadId },
        body: `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`,
      });
    } catch (error) {
      await send("DELETE", key, { params: { uploadId } }).catch(() => {});
      throw error;
    }
  }

  async function uploadFile(file) {
    const key = prefix + file.name;
    const row = document.createElement("li");
    const name = Object.assign(document.createElement("b"), { textContent: key, dir: "auto" });
    const bar = Object.assign(document.createElement("progress"), { max: Math.max(file.size, 1), value: 0 });
    bar.setAttribute("aria-label", `Upload of ${file.name}`);
    const state = Object.assign(document.createElement("span"), { textContent: "uploading" });
    row.append(name, bar, state);
    rows.append(row);
    try {
      await put(file, key, (loaded) => {
        bar.value = loaded;
        state.textContent = `uploading, ${Math.floor((100 * loaded) / bar.max)}%`;
      });
      bar.value = bar.max;
      state.textContent = "uploaded; the function has been called";
      status.textContent = `${file.name} is uploaded.`;
      row.dataset.done = "";
    } catch (error) {
      row.classList.add("failed");
      state.textContent = error.message;
      status.textContent = `${file.name} could not be uploaded.`;
    }
  }

  async function uploadAll(files) {
    for (const file of files) await uploadFile(file); // one after the other: each at full speed
  }

  drop.querySelector("input").addEventListener("change", (event) => {
    uploadAll([...event.target.files]);
    event.target.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    uploadAll([...event.dataTransfer.files]);
  });
}
