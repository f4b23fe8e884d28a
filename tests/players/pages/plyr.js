import { folder, load, moment, moved, report, style, until, video } from "/pages/page.js";

await report(async () => {
  await style("/node_modules/plyr/dist/plyr.css");
  await load("/node_modules/plyr/dist/plyr.min.js");
  const media = video({ controls: true });
  const player = new Plyr(media, {
    iconUrl: "/node_modules/plyr/dist/plyr.svg",
    blankVideo: "",
    previewThumbnails: { enabled: true, src: `${folder}storyboard.vtt` },
  });
  await until(() => player.duration > 0 && player.previewThumbnails?.loaded, "the thumbnails");
  return async (at) => {
    const { progress } = player.elements;
    const box = progress.getBoundingClientRect();
    for (const type of ["mouseenter", "mousemove"]) {
      const event = new MouseEvent(type, { bubbles: true, clientX: box.left + (box.width * at) / player.duration });
      Object.defineProperty(event, "pageX", { value: box.left + (box.width * at) / player.duration });
      progress.dispatchEvent(event);
    }
    const frame = document.querySelector(".plyr__preview-thumb__image-container");
    await moment();
    const newest = () => [...frame.querySelectorAll("img")].at(-1);
    // It looks up no later time than one second before the end, which a film under a second does not have.
    const image = player.duration < 1 ? newest() : await until(() => newest()?.complete && newest(), "a picture");
    return image ? moved(image, frame) : { url: "" };
  };
});
