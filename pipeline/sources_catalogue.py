"""Where London Fire Brigade publishes its records. The publisher changes these addresses: settings override them."""

INCIDENT_DATA_SET = "https://data.london.gov.uk/dataset/london-fire-brigade-incident-records-em8xy"
MOBILISATION_DATA_SET = "https://data.london.gov.uk/dataset/london-fire-brigade-mobilisation-records-24r65"

_DOWNLOAD = "https://data.london.gov.uk/download"

PUBLISHED_INCIDENT_SOURCES = (
    f"{_DOWNLOAD}/em8xy/f5066d66-c7a3-415f-9629-026fbda61822/LFB%20Incident%20data%20from%202018%20-%202023.xlsx",
    f"{_DOWNLOAD}/em8xy/58m/LFB%20Incident%20data%20from%202024%20onwards.xlsx",
)

PUBLISHED_MOBILISATION_SOURCES = (
    f"{_DOWNLOAD}/24r65/3ff29fb5-3935-41b2-89f1-38571059237e/LFB%20Mobilisation%20data%20from%202021%20-%202024.csv",
    f"{_DOWNLOAD}/24r65/7d5b4e2f-3ddb-48b9-8a4d-bf86bdf6a4ef/LFB%20Mobilisation%20data%20from%202025.csv",
)
