// The map beside the form: a click, or Enter at the cross in the middle, fills in the place and asks.
"use strict";

(function () {
  const box = document.getElementById("map");
  const form = document.getElementById("question");
  if (!box || !form || !window.L) return;

  const map = L.map(box, {
    center: [51.5, -0.12],
    zoom: 10,
    minZoom: 9,
    maxZoom: 16,
    zoomSnap: 0.25,
    attributionControl: Boolean(box.dataset.tiles),
  });
  const asked = L.layerGroup().addTo(map);
  const stations = new Map();

  if (box.dataset.tiles)
    L.tileLayer(box.dataset.tiles, { attribution: box.dataset.attribution, maxZoom: 19 }).addTo(map);

  fetch(box.dataset.outlines)
    .then((answer) => answer.json())
    .then((boroughs) => {
      const outlines = L.geoJSON(boroughs, {
        style: { className: box.dataset.tiles ? "borough on-tiles" : "borough" },
        onEachFeature: ({ properties }, outline) => outline.bindTooltip(properties.borough_name, { sticky: true }),
      }).addTo(map);
      outlines.bringToBack();
      map.fitBounds(outlines.getBounds(), { animate: false });
    });

  for (const [name, latitude, longitude] of JSON.parse(document.getElementById("on-map").textContent)) {
    const dot = L.circleMarker([latitude, longitude], {
      radius: 4,
      className: "station-dot",
      bubblingMouseEvents: true,
    });
    dot.bindTooltip(name).addTo(map);
    stations.set(name, dot.getLatLng());
  }

  function ask(place) {
    form.elements.place.value = `${place.lat.toFixed(5)}, ${place.lng.toFixed(5)}`;
    form.elements.station.value = "";
    form.elements.distance.value = "";
    form.requestSubmit();
  }

  function show() {
    asked.clearLayers();
    const { latitude, longitude, station } = document.querySelector("#result .answer")?.dataset ?? {};
    if (!latitude) return;
    const place = [Number(latitude), Number(longitude)];
    if (stations.has(station))
      L.polyline([stations.get(station), place], { className: "way", interactive: false }).addTo(asked);
    L.circleMarker(place, { radius: 8, className: "incident", interactive: false }).addTo(asked);
    if (!map.getBounds().contains(place)) map.panTo(place);
  }

  map.on("click", (event) => ask(event.latlng));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === box) ask(map.getCenter());
  });
  document.addEventListener("htmx:afterSettle", show);
  show();
})();
