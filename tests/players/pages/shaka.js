import { folder, load, report, video } from "/pages/page.js";

await report(async () => {
  await load("/node_modules/shaka-player/dist/shaka-player.compiled.js");
  const media = video({ src: "" });
  media.removeAttribute("src");
  const player = new shaka.Player();
  await player.attach(media);
  let track;
  if (location.hash === "#hls") {
    await player.load(`${folder}master.m3u8`);
    [track] = player.getImageTracks();
  } else {
    await player.load(`${folder}film.webm`);
    track = await player.addThumbnailsTrack(`${folder}storyboard.vtt`, "text/vtt");
  }
  return async (at) => {
    const thumbnail = await player.getThumbnails(track.id, at);
    const { uris, positionX: x, positionY: y, width, height } = thumbnail;
    return { url: uris[0], x, y, width, height };
  };
});
